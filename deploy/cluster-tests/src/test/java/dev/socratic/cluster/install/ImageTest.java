package dev.socratic.cluster.install;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the images say of themselves, and what is in them. */
class ImageTest {
    private static final String LABEL = "org.opencontainers.image.";

    @TempDir
    private Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource({"operator, socratic-operator, io.fabric8", "trainer-image, socratic-trainer, ai.djl.pytorch"})
    void runsAsNobodyAndTellsWhatItIs(String module, String artifact, String group) throws IOException {
        ImageTar image = ImageTar.of(module, folder);
        assertThat(image.config().path("User").asText()).isEqualTo("65532:65532");
        JsonNode labels = image.config().path("Labels");
        assertThat(labels.path(LABEL + "title").asText()).startsWith("Socratic");
        assertThat(labels.path(LABEL + "description").asText()).isNotBlank();
        assertThat(labels.path(LABEL + "version").asText()).matches("\\d+\\.\\d+\\.\\d+");
        assertThat(labels.path(LABEL + "revision").asText()).matches("[0-9a-f]{40}|unknown");

        JsonNode bill = new JsonMapper().readTree(image.read("usr/share/sbom/" + artifact + ".cdx.json"));
        assertThat(bill.path("bomFormat").asText()).isEqualTo("CycloneDX");
        assertThat(bill.at("/metadata/component/name").asText()).isEqualTo(artifact);
        assertThat(bill.path("components").findValuesAsText("group")).contains(group);
        assertThat(jars(image))
                .as("all in the bill of materials")
                .allSatisfy(jar -> assertThat(bill.path("components"))
                        .anyMatch(component ->
                                jar.startsWith(component.path("name").asText() + "-"
                                        + component.path("version").asText())));
    }

    @Test
    void trainerHasItsNativeLibrariesUnpackedAndOnce() throws IOException {
        ImageTar image = ImageTar.of("trainer-image", folder);
        String libtorch = image.variable("PYTORCH_LIBRARY_PATH").orElseThrow().substring(1);
        assertThat(image.files())
                .contains(libtorch + "/libtorch.so", libtorch + "/libdjl_torch.so")
                .contains(image.variable("RUST_LIBRARY_PATH").orElseThrow().substring(1))
                .noneMatch(file -> file.matches(".*/pytorch-(native|jni)-.*\\.jar"));
    }

    private static Set<String> jars(ImageTar image) {
        Set<String> jars = new TreeSet<>();
        for (String file : image.files()) {
            if (file.startsWith("opt/socratic/libs/") && file.endsWith(".jar")) {
                jars.add(file.substring(file.lastIndexOf('/') + 1));
            }
        }
        assertThat(jars).isNotEmpty();
        return jars;
    }
}
