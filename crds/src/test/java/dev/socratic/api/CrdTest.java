package dev.socratic.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CrdTest {
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {".", "../deploy/helm/socratic/files"})
    void committedFileIsWhatTheTypesSay(Path place, @TempDir Path folder) throws IOException {
        check(place.resolve(CrdFile.COMMITTED), CrdFile.generate(folder));
    }

    @Test
    void pageOfFieldsIsWhatTheTypesSay(@TempDir Path folder) throws IOException {
        check(Path.of("../docs/resource.md"), ResourcePage.of(schema(CrdFile.generate(folder))));
    }

    @Test
    void kubectlExplainsEveryField() throws IOException {
        assertThat(undescribed(schema(Files.readString(CrdFile.COMMITTED)), "sft")
                        .toList())
                .isEmpty();
    }

    private static void check(Path committed, String generated) throws IOException {
        if (System.getProperty("crd.write") != null) {
            Files.writeString(committed, generated);
        }
        assertThat(committed)
                .as("regenerate with: mvn -pl crds test -Dtest=CrdTest -Dcrd.write")
                .hasContent(generated);
    }

    private static JsonNode schema(String crd) throws IOException {
        return Serialization.yamlMapper().readTree(crd).at("/spec/versions/0/schema/openAPIV3Schema");
    }

    private static Stream<String> undescribed(JsonNode schema, String path) {
        JsonNode fields = schema.has("items") ? schema.get("items") : schema;
        return Stream.concat(
                schema.path("description").asText().isBlank() ? Stream.of(path) : Stream.empty(),
                fields.path("properties").properties().stream()
                        .flatMap(field -> undescribed(field.getValue(), path + "." + field.getKey())));
    }
}
