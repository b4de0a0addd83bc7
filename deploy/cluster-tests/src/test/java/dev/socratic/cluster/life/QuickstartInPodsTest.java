package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The committed samples, applied unchanged. */
class QuickstartInPodsTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    @Test
    void quickstartSucceeds() {
        kubectl("apply", "-f", "deploy/samples/quickstart/finetune.yaml");
        kubectl("wait", "--for=condition=Ready", "--timeout=300s", "sft/socratic-quickstart");
        SocraticFineTuneStatus end = CLUSTER.fineTune("socratic-quickstart").status();
        assertThat(end.phase()).isEqualTo(Phase.SUCCEEDED);
        assertThat(end.message()).contains("questions: 0 of 30 before");
        assertThat(kubectl("get", "sft", "socratic-quickstart")).contains("Succeeded", "252/252", "quickstart/model");
        Path adapter = CLUSTER.folders().of("adapters").resolve("socratic-quickstart");
        assertThat(adapter.resolve("adapter_config.json")).exists();
        assertThat(adapter.resolve("adapter_model.safetensors")).exists();
        assertThat(adapter.resolve("report.html")).exists();
        kubectl("delete", "sft", "socratic-quickstart");
    }

    /** Its two GPUs exist for the scheduler only, so that the trainer, once it is there, finds none. */
    @Test
    void twoGpusAreAskedForAndFound() {
        FineTune run = CLUSTER.fineTune("two-gpus");
        run.apply("{\"placement\": {\"gpus\": 2, \"maxMemory\": {\"0\": \"4Gi\", \"1\": \"4Gi\"}}}");
        SocraticFineTuneStatus end = run.await(Phase.FAILED);
        Pod pod = run.pod();
        assertThat(pod.getSpec()
                        .getContainers()
                        .get(0)
                        .getResources()
                        .getLimits()
                        .get("nvidia.com/gpu"))
                .hasToString("2");
        Map<String, String> node = CLUSTER.client()
                .nodes()
                .withName(pod.getSpec().getNodeName())
                .get()
                .getMetadata()
                .getLabels();
        assertThat(node).containsEntry("nvidia.com/gpu.count", "2");
        assertThat(end.message()).contains("placement.gpus");
        run.delete();
    }

    private static String kubectl(String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "--namespace";
        all[1] = Installation.NAMESPACE;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return CLUSTER.kubectl().run(all);
    }
}
