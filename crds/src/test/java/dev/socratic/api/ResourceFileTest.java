package dev.socratic.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.spec.DeviceMapStrategy;
import dev.socratic.api.v1alpha1.spec.LossScope;
import dev.socratic.api.v1alpha1.spec.Scheduler;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.api.yaml.InvalidResource;
import dev.socratic.api.yaml.Problem;
import dev.socratic.api.yaml.ResourceFile;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ResourceFileTest {
    @ParameterizedTest
    @MethodSource("dev.socratic.api.BadFile#all")
    void namesLineFieldValueAndWhatIsAllowed(BadFile file) {
        InvalidResource thrown =
                catchThrowableOfType(InvalidResource.class, () -> ResourceFile.parse("run.yaml", file.text()));
        assertThat(thrown).isNotNull();
        assertThat(thrown.problems()).as(thrown.getMessage()).hasSize(1);
        assertThat(thrown.problems().get(0).line()).as(thrown.getMessage()).isEqualTo(file.line());
        assertThat(thrown)
                .hasMessageStartingWith("run.yaml:" + file.line() + ":")
                .hasMessageContaining(file.field());
        assertThat(thrown.getMessage()).contains(file.inFile());
    }

    @Test
    void readsWhatIsGivenAndAddsTheDefaultsOfTheCrd() {
        SocraticFineTune resource = ResourceFile.parse("run.yaml", BadFile.goodText());
        SocraticFineTuneSpec spec = resource.getSpec();
        assertThat(resource.getMetadata().getName()).isEqualTo("good");
        assertThat(spec.lora().targetModules()).containsExactly("q_proj", "v_proj");
        assertThat(spec.lora().alpha()).isEqualTo(32);
        assertThat(spec.training().learningRate()).isEqualTo(2e-4);
        assertThat(spec.training().scheduler()).isEqualTo(Scheduler.COSINE);
        assertThat(spec.training().maxSteps()).isNull();
        assertThat(spec.dataset().loss()).isEqualTo(LossScope.ASSISTANT);
        assertThat(spec.dataset().shuffle()).isTrue();
        assertThat(spec.evaluation().maxNewTokens()).isEqualTo(64);
        assertThat(spec.tokenizer().additionalSpecialTokens()).isEmpty();
        assertThat(spec.quantization()).isNull();
        assertThat(spec.placement().deviceMap().strategy()).isEqualTo(DeviceMapStrategy.BALANCED);
        assertThat(spec.placement().maxMemoryBytes())
                .containsExactly(Map.entry("0", 4L << 30), Map.entry("1", 4L << 30), Map.entry("cpu", 24_000_000_000L));
        assertThat(spec.placement().tolerations().get(0).getOperator()).isEqualTo("Exists");
        assertThat(spec.backoffLimit()).isEqualTo(3);
    }

    @Test
    void writtenAndReadAgainIsTheSame() {
        SocraticFineTune resource = ResourceFile.parse(
                "run.yaml",
                BadFile.goodText().replace("deviceMap: balanced", "deviceMap: {model.layers.0: 1, lm_head: cpu}"));
        assertThat(resource.getSpec().placement().deviceMap().modules())
                .containsExactly(Map.entry("model.layers.0", "1"), Map.entry("lm_head", "cpu"));
        String written = Serialization.asYaml(resource);
        assertThat(ResourceFile.parse("again.yaml", written).getSpec()).isEqualTo(resource.getSpec());
        assertThat(Serialization.unmarshal(written, SocraticFineTune.class).getSpec())
                .isEqualTo(resource.getSpec());
    }

    @Test
    void filesOfThisMachineAreAllowed() {
        String text = BadFile.goodText()
                .replace("hf://google", "file:///models")
                .replace("configmap://", "file:///")
                .replace("pvc://", "file:///out/");
        assertThat(ResourceFile.parse("run.yaml", text).getSpec().model().uri())
                .isEqualTo("file:///models/gemma-2-2b-jpn-it");
    }

    @Test
    void severalProblemsAreReportedInTheOrderOfTheFile() {
        String text = BadFile.goodText()
                .replace("r: 16", "r: 0")
                .replace("gpus: 2", "gpu: 2")
                .replace("kind: ", "kind: My");
        InvalidResource thrown =
                catchThrowableOfType(InvalidResource.class, () -> ResourceFile.parse("run.yaml", text));
        assertThat(thrown.problems().stream().map(Problem::field).toList())
                .startsWith("kind", "spec.lora.r", "spec.placement.gpu");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "spec: {model: [}                         | run.yaml:1:16: this is not YAML",
                "{apiVersion: socratic.dev/v1, kind: SocraticFineTune, metadata: {name: a}} | apiVersion: found \"socratic.dev/v1\"; allowed: socratic.dev/v1alpha1",
                "{kind: SocraticFineTune, spec: []}       | metadata.name: is missing",
                "{spek: {}}                               | spek: unknown field (did you mean spec?)",
                "{spec: {suspend: true, suspend: false}}  | spec.suspend: is given twice",
                "''                                       | found 0 documents of kind SocraticFineTune",
            })
    void saysWhatIsWrongWithTheDocument(String text, String message) {
        InvalidResource thrown =
                catchThrowableOfType(InvalidResource.class, () -> ResourceFile.parse("run.yaml", text));
        assertThat(thrown).hasMessageContaining(message);
    }

    @Test
    void otherKindsInTheSameFileArePassedOver() {
        String text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dialogues}\n---\n" + BadFile.goodText();
        assertThat(ResourceFile.parse("run.yaml", text).getSpec().placement().gpus())
                .isEqualTo(2);
        InvalidResource thrown = catchThrowableOfType(
                InvalidResource.class, () -> ResourceFile.parse("run.yaml", text.replace("r: 16", "r: 0")));
        assertThat(thrown.problems()).extracting(Problem::line).isEqualTo(List.of(14));
    }
}
