package dev.socratic.cluster.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What keeps a run from starting is said on the resource, and forgotten when it is mended. */
@Execution(ExecutionMode.CONCURRENT)
class ObstaclesTest {
    @RegisterExtension
    static final Installation CLUSTER = new Installation();

    private static final String FEW_STEPS = "\"training\": {\"maxSteps\": 2}";
    private static final String DIALOGUE = """
            {"messages": [{"role": "user", "content": "空はなぜ青い？"}, {"role": "assistant", "content": "夕方は何色ですか？"}]}
            """;

    enum Obstacle {
        MISSING_SECRET(
                "{\"model\": {\"secretRef\": {\"name\": \"late-secret\"}}, " + FEW_STEPS + "}",
                "SecretNotFound",
                "late-secret") {
            @Override
            void mend(FineTune run) {
                create(new SecretBuilder()
                        .withNewMetadata()
                        .withName("late-secret")
                        .endMetadata()
                        .withStringData(Map.of("HUGGINGFACE_TOKEN", "hf_secret_of_the_test"))
                        .build());
            }
        },
        MISSING_CONFIG_MAP(
                "{\"dataset\": {\"uri\": \"configmap://late-dialogues/train.jsonl\"}, " + FEW_STEPS + "}",
                "ConfigMapNotFound",
                "late-dialogues") {
            @Override
            void mend(FineTune run) {
                create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("late-dialogues")
                        .endMetadata()
                        .addToData("train.jsonl", DIALOGUE)
                        .build());
            }
        },
        MISSING_CLAIM(
                "{\"output\": {\"uri\": \"pvc://late-adapters/tutor\"}, " + FEW_STEPS + "}",
                "PersistentVolumeClaimNotFound",
                "late-adapters") {
            @Override
            void mend(FineTune run) throws IOException {
                CLUSTER.folders().add(Installation.NAMESPACE, "late-adapters");
            }
        },
        NO_SUCH_NODE(
                "{\"placement\": {\"nodeSelector\": {\"room\": \"nowhere\"}}, " + FEW_STEPS + "}",
                "Unschedulable",
                "node affinity/selector") {
            @Override
            void mend(FineTune run) {
                run.edit("{\"placement\": {\"nodeSelector\": null}}");
            }
        },
        GPUS_TOO_SMALL(
                "{\"placement\": {\"gpus\": 2, \"maxMemory\": {\"0\": \"40Gi\", \"1\": \"40Gi\"}}, " + FEW_STEPS + "}",
                "Unschedulable",
                "node affinity/selector") {
            @Override
            void mend(FineTune run) {
                run.edit("{\"placement\": {\"gpus\": 0, \"maxMemory\": null}}");
            }
        };

        private final String spec;
        private final String reason;
        private final String said;

        Obstacle(String spec, String reason, String said) {
            this.spec = spec;
            this.reason = reason;
            this.said = said;
        }

        abstract void mend(FineTune run) throws IOException;

        private static void create(HasMetadata object) {
            CLUSTER.client()
                    .resource(object)
                    .inNamespace(Installation.NAMESPACE)
                    .create();
        }
    }

    @ParameterizedTest
    @EnumSource
    void isNamedAndForgotten(Obstacle obstacle) throws IOException {
        FineTune run = CLUSTER.fineTune("blocked-" + obstacle.ordinal());
        run.apply(obstacle.spec);
        SocraticFineTuneStatus blocked = run.awaitReason(obstacle.reason, obstacle.said);
        assertThat(blocked.phase()).isEqualTo(Phase.PENDING);
        assertThat(run.events()).contains("Blocked");
        obstacle.mend(run);
        run.await(Phase.SUCCEEDED);
        run.delete();
    }

    @Test
    void imageThatCannotBePulled() {
        FineTune run = CLUSTER.fineTune("no-image");
        run.apply("{\"placement\": {\"image\": \"socratic/trainer:absent\"}, " + FEW_STEPS + "}");
        run.awaitReason("ImagePullFailed", "socratic/trainer:absent");
        run.edit("{\"placement\": {\"image\": null}}");
        run.await(Phase.SUCCEEDED);
        run.delete();
    }
}
