package dev.socratic.operator.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.yaml.ResourceFile;
import dev.socratic.operator.Golden;
import dev.socratic.operator.Resources;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.OperatorSettings;
import dev.socratic.operator.settings.Setting;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerJobTest {
    private static final Path SAMPLE = Path.of("../deploy/samples/gemma-2-2b-jpn-socratic.yaml");
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final OperatorSettings SETTINGS = OperatorSettings.defaults();

    private static Run sample() {
        SocraticFineTune resource = ResourceFile.read(SAMPLE);
        resource.getMetadata().setNamespace("tutors");
        resource.getMetadata().setUid("00000000-0000-0000-0000-000000000001");
        return Run.of(resource);
    }

    @Test
    void jobOfTheSampleIsTheGoldenOne() throws Exception {
        Job job = TrainerJob.desired(sample(), SETTINGS);
        job.getSpec().getTemplate().getMetadata().getAnnotations().replace(TrainerConfig.ANNOTATION, "the resource");
        Golden.check(GOLDEN.resolve("gemma-2-2b-jpn-socratic.job.yaml"), Serialization.asYaml(job));
    }

    @Test
    void everySettingOfTheSampleReachesTheTrainer() {
        Run run = sample();
        SocraticFineTune read = ResourceFile.parse(
                "finetune.yaml",
                TrainerJob.desired(run, SETTINGS)
                        .getSpec()
                        .getTemplate()
                        .getMetadata()
                        .getAnnotations()
                        .get("socratic.dev/resource"));
        assertThat(read.getSpec()).isEqualTo(run.spec());
        assertThat(read.getMetadata().getName()).isEqualTo("socratic-ja");
        assertThat(read.getMetadata().getNamespace()).isEqualTo("tutors");
    }

    @Test
    void whatThePodIsMadeOfReachesTheJob() {
        SocraticFineTune resource = sample().resource();
        resource.getMetadata().setLabels(Map.of(RunLabels.KUEUE_QUEUE, "gpus", RunLabels.KUEUE_PRIORITY, "low"));
        Job job = TrainerJob.desired(
                Run.of(edited(resource, "spec:", """
                        spec:
                          activeDeadlineSeconds: 3600
                        """, "  placement:", """
                          placement:
                            nodeSelector: {zone: a}
                            tolerations: [{key: spot, operator: Exists}]
                            runtimeClassName: nvidia
                            priorityClassName: batch
                            image: registry.example/trainer:1
                            affinity:
                              nodeAffinity:
                                requiredDuringSchedulingIgnoredDuringExecution:
                                  nodeSelectorTerms:
                                  - matchExpressions: [{key: rack, operator: In, values: ["1"]}]
                                  - matchExpressions: [{key: rack, operator: In, values: ["2"]}]
                        """, "  output:", """
                          output:
                            secretRef: {name: output-key}
                        """)), SETTINGS);
        assertThat(job.getMetadata().getLabels())
                .containsEntry(RunLabels.KUEUE_QUEUE, "gpus")
                .containsEntry(RunLabels.KUEUE_PRIORITY, "low");
        assertThat(job.getSpec().getSuspend()).as("Kueue lets it go").isTrue();
        assertThat(job.getSpec().getActiveDeadlineSeconds()).isEqualTo(3600);
        var pod = job.getSpec().getTemplate().getSpec();
        assertThat(pod.getNodeSelector()).isEqualTo(Map.of("zone", "a"));
        assertThat(pod.getTolerations()).extracting(Toleration::getKey).containsExactly("nvidia.com/gpu", "spot");
        assertThat(pod.getRuntimeClassName()).isEqualTo("nvidia");
        assertThat(pod.getPriorityClassName()).isEqualTo("batch");
        assertThat(pod.getContainers().get(0).getImage()).isEqualTo("registry.example/trainer:1");
        assertThat(pod.getContainers().get(0).getEnvFrom().get(0).getSecretRef().getName())
                .isEqualTo("output-key");
        List<NodeSelectorTerm> terms = pod.getAffinity()
                .getNodeAffinity()
                .getRequiredDuringSchedulingIgnoredDuringExecution()
                .getNodeSelectorTerms();
        assertThat(terms)
                .as("each alternative of the user also asks for the GPUs")
                .hasSize(2)
                .allSatisfy(term -> assertThat(term.getMatchExpressions())
                        .extracting(expression -> expression.getKey())
                        .containsExactly("rack", "nvidia.com/gpu.count", "nvidia.com/gpu.memory"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\n\n", " a\n", "- b\n c", "1e3", "\u0085", "😀: 'x' # y"})
    void theTrainerReadsTextAsItWasWritten(String text) {
        SocraticFineTune resource = edited(Resources.onTheCpu(), "spec:", """
                spec:
                  tokenizer:
                    additionalSpecialTokens: [%s]
                """.formatted(Serialization.asJson(text)));
        SocraticFineTune read = ResourceFile.parse("finetune.yaml", TrainerConfig.of(Run.of(resource)));
        assertThat(read.getSpec().tokenizer().additionalSpecialTokens()).containsExactly(text);
    }

    @Test
    void outputOnTheHubHasATokenOfItsOwn() {
        SocraticFineTune resource =
                edited(Resources.onTheCpu(), "pvc://models/gemma\"", """
                hf://google/gemma-2-2b-jpn-it"
                    secretRef: {name: reads}
                """, "pvc://adapters/socratic-ja\"", """
                hf://tutors/socratic-ja"
                    secretRef: {name: writes}
                """);
        resource.getMetadata().setUid("1");
        var container = TrainerJob.desired(Run.of(resource), SETTINGS)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0);
        assertThat(container.getEnvFrom()).isEmpty();
        assertThat(container.getEnv())
                .filteredOn(variable -> variable.getValueFrom() != null)
                .extracting(
                        variable -> variable.getName(),
                        variable -> variable.getValueFrom().getSecretKeyRef().getName(),
                        variable -> variable.getValueFrom().getSecretKeyRef().getKey())
                .containsExactly(
                        tuple("HUGGINGFACE_TOKEN", "reads", "HUGGINGFACE_TOKEN"),
                        tuple("SOCRATIC_OUTPUT_TOKEN", "writes", "HUGGINGFACE_TOKEN"));
    }

    @Test
    void runOnTheCpuAsksForNothingOfAGpu() {
        SocraticFineTune resource = Resources.onTheCpu();
        resource.getMetadata().setUid("1");
        String yaml = Serialization.asYaml(TrainerJob.desired(Run.of(resource), SETTINGS));
        assertThat(yaml).doesNotContain("nvidia").doesNotContain("cuda").contains(SETTINGS.cpuImage());
    }

    @Test
    void claimThatIsReadAndWrittenIsMountedOnceAndWritable() {
        SocraticFineTune resource = edited(Resources.onTheCpu(), "pvc://models/gemma", "pvc://adapters/base");
        resource.getMetadata().setUid("1");
        var mounts = TrainerJob.desired(Run.of(resource), SETTINGS)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0)
                .getVolumeMounts();
        assertThat(mounts)
                .filteredOn(mount -> mount.getMountPath().equals("/mnt/pvc/adapters"))
                .singleElement()
                .satisfies(mount -> assertThat(mount.getReadOnly()).isNull());
    }

    @ParameterizedTest(name = "{0} is of the resource''s own namespace, and no path of a node")
    @ValueSource(
            strings = {
                "pvc://models/gemma",
                "pvc://other-namespace/models/gemma",
                "pvc://../../etc",
                "configmap://dialogues/train.jsonl",
                "file:///etc/shadow",
                "hostpath:///etc",
                "/etc/shadow"
            })
    void volumesNameNothingBeyondTheNamespace(String uri) {
        SocraticFineTune resource = edited(Resources.onTheCpu(), "pvc://models/gemma", uri);
        resource.getMetadata().setUid("1");
        resource.getMetadata().setNamespace("tutors");
        Job job = TrainerJob.desired(Run.of(resource), SETTINGS);
        assertThat(job.getMetadata().getNamespace()).isEqualTo("tutors");
        var pod = job.getSpec().getTemplate().getSpec();
        assertThat(pod.getHostNetwork()).isNull();
        assertThat(pod.getHostPID()).isNull();
        assertThat(pod.getVolumes()).isNotEmpty().allSatisfy(volume -> {
            Volume named = new VolumeBuilder()
                    .withName(volume.getName())
                    .withPersistentVolumeClaim(volume.getPersistentVolumeClaim())
                    .withConfigMap(volume.getConfigMap())
                    .withDownwardAPI(volume.getDownwardAPI())
                    .withEmptyDir(volume.getEmptyDir())
                    .build();
            assertThat(volume).as("has no other source").isEqualTo(named);
        });
        assertThat(Serialization.asYaml(pod.getVolumes())).doesNotContain("namespace:", "hostPath");
    }

    @Test
    void withoutACheckpointsClaimCheckpointsGoBesideTheAdapter() {
        SocraticFineTune resource = Resources.onTheCpu();
        resource.getMetadata().setUid("1");
        OperatorSettings noClaim = OperatorSettings.with(Map.of(Setting.CHECKPOINTS_SIZE, "0"));
        assertThat(CheckpointsClaim.desired(Run.of(resource), noClaim)).isEmpty();
        assertThat(Serialization.asYaml(TrainerJob.desired(Run.of(resource), noClaim)))
                .doesNotContain("heckpoints");
    }

    private static SocraticFineTune edited(SocraticFineTune resource, String... beforeAndAfter) {
        String yaml = Serialization.asYaml(resource);
        for (int i = 0; i < beforeAndAfter.length; i += 2) {
            assertThat(yaml).contains(beforeAndAfter[i]);
            yaml = yaml.replace(beforeAndAfter[i], beforeAndAfter[i + 1].stripTrailing());
        }
        return Serialization.unmarshal(yaml, SocraticFineTune.class);
    }
}
