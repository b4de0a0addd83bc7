package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.ApiServer;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.Program;
import dev.socratic.cluster.Program.Result;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The Helm chart, rendered as its documentation installs it: release socratic in namespace socratic-system. */
final class Chart {
    static final Path FOLDER = Program.ROOT.resolve("deploy/helm/socratic");
    static final String RELEASE = "socratic";
    static final String NAMESPACE = "socratic-system";
    static final String[] MONITORED = {
        "--set",
        "monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true"
                + ",monitoring.prometheusRule.enabled=true,monitoring.grafanaDashboard.enabled=true"
    };
    static final String OPERATOR = "Deployment " + NAMESPACE + "/socratic-operator";

    private Chart() {}

    /** What an installation with {@code arguments} (such as {@code --set replicas=2}) applies; hooks left out. */
    static Map<String, ObjectNode> render(String... arguments) {
        return Manifests.parse(Program.named("helm").run(template(List.of("--no-hooks"), arguments)));
    }

    /** Tries to render, whatever the end. */
    static Result tryRender(String... arguments) {
        return Program.named("helm").tryRun(template(List.of(), arguments));
    }

    /** Installs or upgrades the release; nothing here runs, so nothing is waited for. */
    static void install(ApiServer server, String... arguments) {
        install(server, FOLDER, arguments);
    }

    static void install(ApiServer server, Path chart, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("upgrade", "--install", RELEASE, chart.toString(), "--namespace", NAMESPACE));
        command.addAll(List.of(arguments));
        server.administrator("helm").run(command.toArray(String[]::new));
    }

    /** The environment variables of the operator's container in {@code objects}. */
    static Map<String, String> environment(Map<String, ObjectNode> objects) {
        Map<String, String> variables = new TreeMap<>();
        for (JsonNode variable : objects.get(OPERATOR).at("/spec/template/spec/containers/0/env")) {
            variables.put(variable.path("name").asText(), value(variable));
        }
        return variables;
    }

    private static String value(JsonNode variable) {
        if (!variable.has("valueFrom")) {
            return variable.path("value").asText();
        }
        assertThat(variable.at("/valueFrom/fieldRef/fieldPath").asText()).isEqualTo("metadata.namespace");
        return NAMESPACE;
    }

    private static String[] template(List<String> first, String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("template", RELEASE, FOLDER.toString(), "--namespace", NAMESPACE));
        command.addAll(first);
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }
}
