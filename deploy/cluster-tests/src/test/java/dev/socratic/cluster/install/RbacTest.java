package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.ApiServer;
import dev.socratic.cluster.ApiServer.Request;
import dev.socratic.cluster.OperatorProcess;
import dev.socratic.operator.FakeTrainer;
import dev.socratic.operator.settings.Setting;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The operator under the chart's roles: everything it asks for is granted, and nothing is granted that it never asks. */
class RbacTest {
    private static final String ACCOUNT = "socratic-operator";
    private static final String RUNS = "team-a";

    /** The framework looks for this right before it competes for the lease, which it then patches. */
    private static final String ASKED_FOR_BY_THE_FRAMEWORK = "update coordination.k8s.io/leases";

    @ParameterizedTest(name = "with {0}")
    @ValueSource(strings = {"watchNamespaces=null", "watchNamespaces={" + RUNS + "}"})
    void grantsWhatTheOperatorUses(String scope, @TempDir Path folder) throws Exception {
        String[] values = {"--set", scope};
        try (ApiServer server = ApiServer.start(folder);
                FakeTrainer trainer = new FakeTrainer()) {
            server.createRestrictedNamespace(RUNS);
            server.createRestrictedNamespace(Chart.NAMESPACE);
            Chart.install(server, values);
            Map<String, ObjectNode> objects = Chart.render(values);
            Map<String, String> variables = new TreeMap<>(Chart.environment(objects));
            variables.putAll(Map.of(
                    Setting.HTTP_PORT.variable(), "0",
                    Setting.PENDING_CHECK_INTERVAL.variable(), "200ms",
                    Setting.PROGRESS_POLL_INTERVAL.variable(), "100ms",
                    Setting.PROGRESS_PORT.variable(), String.valueOf(trainer.port())));
            try (OperatorProcess operator =
                    OperatorProcess.start(server.kubeconfigOf(Chart.NAMESPACE, ACCOUNT), variables)) {
                Life life = new Life(server.admin(), trainer, RUNS);
                life.liveThroughEverything();
                life.awaitRenewal(Chart.NAMESPACE, ACCOUNT);
            }
            assertThat(server.requestsOf(Chart.NAMESPACE, ACCOUNT)).allSatisfy(request -> {
                assertThat(request.decision()).isEqualTo("allow");
                assertThat(request.code()).isNotEqualTo(403);
            });
            assertThat(used(server)).isEqualTo(granted(objects));
        }
    }

    private static Set<String> used(ApiServer server) {
        Set<String> used = server.requestsOf(Chart.NAMESPACE, ACCOUNT).stream()
                .filter(request -> !request.group().equals("authorization.k8s.io"))
                .map(RbacTest::asRight)
                .collect(Collectors.toCollection(TreeSet::new));
        used.add(ASKED_FOR_BY_THE_FRAMEWORK);
        return used;
    }

    private static String asRight(Request request) {
        return request.verb() + " " + (request.group().isEmpty() ? "" : request.group() + "/") + request.resource();
    }

    /** Every right in a role that is bound to the operator. */
    private static Set<String> granted(Map<String, ObjectNode> objects) {
        Set<String> granted = new TreeSet<>();
        for (ObjectNode binding : objects.values()) {
            if (binding.path("kind").asText().endsWith("RoleBinding")) {
                assertThat(binding.at("/subjects/0/name").asText()).isEqualTo(ACCOUNT);
                JsonNode role = binding.path("roleRef");
                String namespace = binding.at("/metadata/namespace").asText();
                String key = role.path("kind").asText() + " " + (namespace.isEmpty() ? "" : namespace + "/")
                        + role.path("name").asText();
                objects.get(key).path("rules").forEach(rule -> addRights(rule, granted));
            }
        }
        return granted;
    }

    private static void addRights(JsonNode rule, Set<String> granted) {
        for (JsonNode group : rule.path("apiGroups")) {
            for (JsonNode resource : rule.path("resources")) {
                for (JsonNode verb : rule.path("verbs")) {
                    String prefix = group.asText().isEmpty() ? "" : group.asText() + "/";
                    granted.add(verb.asText() + " " + prefix + resource.asText());
                }
            }
        }
    }
}
