package dev.socratic.local;

import static dev.socratic.local.ClusterWithStandIn.SECONDS;
import static dev.socratic.local.ClusterWithStandIn.awaitLastWords;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.local.controlplane.ControlPlanes;
import dev.socratic.local.view.PrinterColumns;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The live view beside the table that a real API server makes of the same resource for kubectl. */
class ServerTableTest {
    @TempDir
    Path folder;

    @Test
    void hasTheServersOwnRow() throws Exception {
        try (var local = ClusterWithStandIn.start(ControlPlanes.Choice.REAL, folder)) {
            var run = local.apply("makes-a-row");
            awaitLastWords(run);
            JsonNode table = table(local.client(), "makes-a-row");
            var columns = PrinterColumns.of(local.cluster().definition());

            List<String> names = new ArrayList<>();
            List<String> cells = new ArrayList<>();
            for (int i = 0; i < table.path("columnDefinitions").size(); i++) {
                names.add(table.at("/columnDefinitions/" + i + "/name").asText().toUpperCase());
                cells.add(table.at("/rows/0/cells/" + i).asText(""));
            }

            assertThat(columns.header()).isEqualTo(names);
            List<String> row = columns.row(run.get(), Instant.now());
            assertThat(row.subList(0, row.size() - 1)).isEqualTo(cells.subList(0, cells.size() - 1));
        }
    }

    private static JsonNode table(KubernetesClient client, String name) throws Exception {
        var request = client.getHttpClient()
                .newHttpRequestBuilder()
                .uri(client.getMasterUrl() + "apis/socratic.dev/v1alpha1/namespaces/default/socraticfinetunes/" + name)
                .header("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
                .build();
        var answer = client.getHttpClient().sendAsync(request, byte[].class).get(SECONDS, TimeUnit.SECONDS);
        return Serialization.unmarshal(new String(answer.body(), StandardCharsets.UTF_8), JsonNode.class);
    }
}
