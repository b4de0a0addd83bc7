package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.Manifests;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The chart's values and the operator's settings are the same list. */
class SettingsTest {
    private static final String EVERY_SETTING = "deploy/cluster-tests/src/test/resources/install/every-setting.yaml";

    @Test
    void everySettingHasAValue() {
        Map<String, String> variables = Chart.environment(Chart.render("--values", EVERY_SETTING));
        assertThat(variables.keySet())
                .as("add what is missing to the chart's values.yaml and values.schema.json, and to " + EVERY_SETTING)
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(Setting.values()).map(Setting::variable).toList());
        assertThat(Arrays.stream(Setting.values())
                        .filter(setting -> setting.defaultValue().equals(variables.get(setting.variable()))))
                .as("at their defaults in " + EVERY_SETTING)
                .isEmpty();
        assertThat(OperatorSettings.from(variables)).isNotNull();
    }

    @Test
    void defaultsAreTheOperatorsOwn() {
        JsonNode settings =
                Manifests.readTree(Chart.FOLDER.resolve("values.yaml")).path("settings");
        Map<String, String> variables = Chart.environment(Chart.render());
        assertThat(settings).isNotEmpty();
        for (Setting setting : Setting.values()) {
            String variable = setting.variable();
            if (!variable.startsWith("SOCRATIC_LEADER_ELECTION") && variables.containsKey(variable)) {
                assertThat(variables.get(variable)).as(variable).isEqualTo(setting.defaultValue());
            }
        }
        assertThat(OperatorSettings.from(variables).leaderElectionLease()).contains("socratic-operator");
    }

    @Test
    void theTrainersAnswerWhereTheOperatorAsksAndTheNetworkLetsThrough() {
        Map<String, ObjectNode> objects = Chart.render("--set", "settings.progressPort=9000,watchNamespaces={team-a}");
        assertThat(objects.get("NetworkPolicy team-a/socratic-trainer")
                        .at("/spec/ingress/0/ports/0/port")
                        .asInt())
                .isEqualTo(9000);
        assertThat(objects.get("NetworkPolicy socratic-system/socratic-operator")
                        .at("/spec/egress/2/ports/0/port")
                        .asInt())
                .isEqualTo(9000);
    }
}
