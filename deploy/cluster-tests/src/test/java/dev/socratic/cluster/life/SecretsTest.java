package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A secret's value is in the trainer's environment, and nowhere else that people look. */
class SecretsTest {
    private static final String VALUE = "hf_nobody_reads_this";

    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    @Test
    void valueIsNowhere() {
        CLUSTER.client()
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(Installation.NAMESPACE)
                        .withName("huggingface")
                        .endMetadata()
                        .withStringData(Map.of("HUGGINGFACE_TOKEN", VALUE))
                        .build())
                .create();
        FineTune run = CLUSTER.fineTune("with-secret");
        run.apply("{\"model\": {\"secretRef\": {\"name\": \"huggingface\"}}}");
        run.awaitStep(1);
        assertThat(TrainerProcess.environment(run.pod())).contains(VALUE);
        String commands =
                ProcessHandle.allProcesses().map(TrainerProcess::commandLine).collect(Collectors.joining("\n"));
        assertThat(commands).contains("socratic-trainer").doesNotContain(VALUE);
        assertThat(CLUSTER.story().tell()).contains("with-secret").doesNotContain(VALUE);
        run.delete();
    }
}
