package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.cluster.ApiServer;
import dev.socratic.cluster.Manifests;
import dev.socratic.cluster.OperatorProcess;
import dev.socratic.cluster.Program;
import dev.socratic.operator.FakeTrainer;
import dev.socratic.operator.Resources;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Monitors find the pods, alerts fire when they should, and what is drawn is what operator and trainer export. */
class MonitoringTest {
    private static final Path ALERTS = Chart.FOLDER.resolve("files/alerts.yaml");
    private static final Path DASHBOARD = Chart.FOLDER.resolve("files/dashboard.json");
    private static final Path TRAINERS_METRICS =
            Program.ROOT.resolve("trainer-image/src/test/resources/dev/socratic/trainer/progress/metrics.txt");
    private static final Path JOB =
            Program.ROOT.resolve("operator/src/test/resources/golden/gemma-2-2b-jpn-socratic.job.yaml");
    private static final String FAILURES = "controller_runtime_reconcile_errors_total";
    private static final String STALLED = "\nsocratic_finetunes_stalled{";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String RUNS = "default";

    @Test
    void alertsFireWhenTheyShould() {
        Program promtool = Program.named("promtool");
        promtool.run("check", "rules", "--lint=all", "--lint-fatal", ALERTS.toString());
        promtool.run("test", "rules", "deploy/monitoring/alerts_test.yaml");
        assertThat(Manifests.readTree(Program.ROOT.resolve("deploy/monitoring/alerts_test.yaml"))
                        .findValuesAsText("alertname"))
                .as("every alert has a test that sees it fire, and one that sees it silent")
                .containsAll(Manifests.readTree(ALERTS).findValuesAsText("alert"));
    }

    @Test
    void monitorsSelectTheOperatorsServiceAndTheTrainersPods() {
        Map<String, ObjectNode> objects = Chart.render(Chart.MONITORED);
        JsonNode serviceMonitor = objects.get("ServiceMonitor " + Chart.NAMESPACE + "/socratic-operator");
        JsonNode service = objects.get("Service " + Chart.NAMESPACE + "/socratic-operator");
        assertSelects(serviceMonitor, service.at("/metadata/labels"));
        assertThat(service.at("/spec/ports").findValuesAsText("name"))
                .contains(serviceMonitor.at("/spec/endpoints/0/port").asText());

        JsonNode podMonitor = objects.get("PodMonitor " + Chart.NAMESPACE + "/socratic-trainer");
        JsonNode pod = Manifests.readTree(JOB).at("/spec/template");
        assertSelects(podMonitor, pod.at("/metadata/labels"));
        assertThat(pod.at("/spec/containers/0/ports").findValuesAsText("name"))
                .contains(podMonitor.at("/spec/podMetricsEndpoints/0/port").asText());
        assertThat(podMonitor.at("/spec/namespaceSelector/any").asBoolean()).isTrue();
        assertThat(Chart.render("--set", "monitoring.podMonitor.enabled=true,watchNamespaces={team-a}")
                        .get("PodMonitor " + Chart.NAMESPACE + "/socratic-trainer")
                        .at("/spec/namespaceSelector/matchNames/0")
                        .asText())
                .isEqualTo("team-a");
    }

    @Test
    void everyMetricOnDashboardAndInAlertsIsExported(@TempDir Path folder) throws Exception {
        Set<String> exported = new TreeSet<>(Set.of("up"));
        addNames(Files.readString(TRAINERS_METRICS), exported);
        scrapesOfABusyOperator(folder).forEach(page -> addNames(page, exported));
        for (Path file : Set.of(ALERTS, DASHBOARD)) {
            Manifests.readTree(file)
                    .findValuesAsText("expr")
                    .forEach(expression -> assertThat(metricsIn(expression))
                            .as("%s: %s", file.getFileName(), expression)
                            .isNotEmpty()
                            .isSubsetOf(exported));
        }
    }

    private static void assertSelects(JsonNode monitor, JsonNode labels) {
        JsonNode selector = monitor.at("/spec/selector/matchLabels");
        assertThat(selector).isNotEmpty();
        selector.properties()
                .forEach(label -> assertThat(labels.path(label.getKey()))
                        .as(label.getKey())
                        .isEqualTo(label.getValue()));
    }

    /** While a resource stalls, and after all that can happen to a run and a failure: the operator loses its rights. */
    private static List<String> scrapesOfABusyOperator(Path folder) throws IOException, InterruptedException {
        try (ApiServer server = ApiServer.start(folder);
                FakeTrainer trainer = new FakeTrainer()) {
            server.createRestrictedNamespace(Chart.NAMESPACE);
            Chart.install(server);
            Map<String, String> variables = new TreeMap<>(Chart.environment(Chart.render()));
            variables.putAll(Map.of(
                    Setting.HTTP_PORT.variable(), "0",
                    Setting.PENDING_CHECK_INTERVAL.variable(), "200ms",
                    Setting.PROGRESS_POLL_INTERVAL.variable(), "100ms",
                    Setting.PROGRESS_PORT.variable(), String.valueOf(trainer.port())));
            Path kubeconfig = server.kubeconfigOf(Chart.NAMESPACE, "socratic-operator");
            try (OperatorProcess operator = OperatorProcess.start(kubeconfig, variables)) {
                Life life = new Life(server.admin(), trainer, RUNS);
                life.stall();
                String stalled = scrapeWith(STALLED, operator);
                life.mendAndLiveOn();
                server.admin()
                        .resources(ClusterRoleBinding.class)
                        .withName("socratic-operator")
                        .delete();
                server.admin().resource(Resources.onTheCpu()).create();
                return List.of(stalled, scrapeWith(FAILURES, operator));
            }
        }
    }

    private static String scrapeWith(String metric, OperatorProcess operator) throws IOException, InterruptedException {
        Instant end = Instant.now().plus(PATIENCE);
        String page = operator.scrape();
        while (!page.contains(metric) && Instant.now().isBefore(end)) {
            page = operator.scrape();
        }
        assertThat(page).contains(metric);
        return page;
    }

    private static void addNames(String page, Set<String> names) {
        page.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]", 2)[0])
                .forEach(names::add);
    }

    /** The metrics that a PromQL expression reads: its names that are no function, keyword, label, string or range. */
    private static Set<String> metricsIn(String expression) {
        String bare = expression
                .replaceAll("\"[^\"]*\"", "")
                .replaceAll("\\{[^}]*}|\\[[^]]*]", "")
                .replaceAll("\\b(by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)", "")
                .replaceAll("\\b(and|or|unless|bool|offset)\\b", "");
        Matcher name = Pattern.compile("[a-zA-Z_:][\\w:]*+(?!\\s*\\()").matcher(bare);
        return Stream.iterate(name, Matcher::find, next -> next)
                .map(Matcher::group)
                .collect(TreeSet::new, Set::add, Set::addAll);
    }
}
