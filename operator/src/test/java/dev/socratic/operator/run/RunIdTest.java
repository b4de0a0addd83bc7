package dev.socratic.operator.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.Resources;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunIdTest {
    @ParameterizedTest(name = "{0} to {1}: {2} run")
    @CsvSource(
            delimiter = '|',
            value = {
                "pvc://models/gemma | pvc://models/llama | another",
                "r: 16 | r: 8 | another",
                "loss: \"assistant\" | loss: all | another",
                "gpus: 0 | gpus: 2 | another",
                "gpus: 0 | maxMemory: {cpu: 8Gi} | another",
                "gpus: 0 | 'gpus: 0\n    parallelism: data' | another",
                "pvc://adapters/socratic-ja | pvc://adapters/other | another",
                "backoffLimit: 3 | backoffLimit: 5 | the same",
                "backoffLimit: 3 | activeDeadlineSeconds: 60 | the same",
                "suspend: false | suspend: true | the same",
                "ttlSecondsAfterFinished: 86400 | ttlSecondsAfterFinished: 0 | the same",
                "gpus: 0 | 'gpus: 0\n    nodeSelector: {zone: a}' | the same",
                "gpus: 0 | 'gpus: 0\n    deviceMap: balanced' | the same",
                "gpus: 0 | 'gpus: 0\n    deviceMap: sequential' | another",
                "backoffLimit: 3 | tokenizer: {} | the same",
                "revision: \"main\" | revision: v2 | another",
                "uri: \"pvc://models/gemma\" | 'uri: \"pvc://models/gemma\"\n    secretRef: {name: other}' | the same",
            })
    void changes(String before, String after, String run) {
        String yaml = Serialization.asYaml(Resources.onTheCpu());
        assertThat(yaml).contains(before);
        SocraticFineTune edited = Serialization.unmarshal(yaml.replace(before, after), SocraticFineTune.class);
        assertThat(RunId.of(edited).equals(RunId.of(Resources.onTheCpu()))).isEqualTo(run.equals("the same"));
    }

    @ParameterizedTest(name = "restart: {0} to {1}: {2} run")
    @CsvSource({", 1, another", "1, 2, another", "1, , the same"})
    void isTheOneThatTheStatusHasUntilARestartIsAskedFor(String before, String after, String run) {
        SocraticFineTune resource = Resources.onTheCpu();
        resource.getMetadata().setAnnotations(restart(before));
        RunId first = RunId.of(resource);
        resource.setStatus(Serialization.unmarshal("{\"runId\": \"" + first + "\"}", SocraticFineTuneStatus.class));
        resource.getMetadata().setAnnotations(restart(after));
        assertThat(RunId.of(resource).equals(first)).isEqualTo(run.equals("the same"));
    }

    private static Map<String, String> restart(String value) {
        return value == null ? Map.of() : Map.of(RunLabels.RESTART, value);
    }
}
