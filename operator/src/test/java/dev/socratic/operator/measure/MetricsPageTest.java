package dev.socratic.operator.measure;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.Page;
import dev.socratic.operator.Resources;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/operator.md lists what Prometheus reads. */
class MetricsPageTest {
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

    @Test
    void pageListsWhatIsExported() throws IOException {
        Page.read().with("metrics", table(exported())).check();
    }

    private static String exported() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        SocraticFineTune failed = Resources.onTheCpu();
        failed.setStatus(Serialization.unmarshal("""
                {"phase": "Failed", "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T01:00:00Z",
                 "conditions": [{"type": "Stalled", "status": "True", "reason": "InvalidData"}]}
                """, SocraticFineTuneStatus.class));
        new OperatorMetrics(registry, 8).leads("socratic-operator", () -> true);
        new RequestCounter(registry).count("GET", 200, "/api/v1/pods");
        RunMetrics runs = new RunMetrics(registry);
        runs.entered("tutors", failed.getStatus());
        runs.told("tutors", "Failed");
        registry.getPrometheusRegistry().register(new FineTuneCounts(() -> Stream.of(failed)));
        return registry.scrape();
    }

    private static String table(String scrape) {
        List<String> rows = new ArrayList<>();
        List<String> lines = scrape.lines().toList();
        for (int i = 0; i + 2 < lines.size(); i++) {
            if (lines.get(i).startsWith("# HELP ") && !lines.get(i).contains("_max ")) {
                String[] help = lines.get(i).split(" ", 4);
                String type = lines.get(i + 1).split(" ", 4)[3];
                rows.add("| `%s` | %s | %s | %s |".formatted(help[2], type, labels(lines.get(i + 2)), help[3]));
            }
        }
        return rows.stream()
                .sorted()
                .collect(Collectors.joining("\n", "| metric | type | labels | what |\n|---|---|---|---|\n", ""));
    }

    private static String labels(String sample) {
        Matcher label = LABEL.matcher(sample);
        List<String> names = new ArrayList<>();
        while (label.find()) {
            if (!label.group(1).equals("le")) {
                names.add(label.group(1));
            }
        }
        return String.join(", ", names);
    }
}
