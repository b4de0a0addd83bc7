package dev.socratic.trainer.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.socratic.api.v1alpha1.spec.SocraticFineTuneSpec;
import dev.socratic.trainer.checkpoint.Checkpoint;
import dev.socratic.trainer.checkpoint.DType;
import dev.socratic.trainer.engine.Noise;
import dev.socratic.trainer.engine.Precision;
import dev.socratic.trainer.engine.TorchEngine;
import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.TrainerFailure;
import dev.socratic.trainer.model.Decoder;
import dev.socratic.trainer.model.LoadRequest;
import dev.socratic.trainer.parallel.StepGradients;
import dev.socratic.trainer.placement.DeviceMap;
import dev.socratic.trainer.placement.SavedActivations;
import dev.socratic.trainer.progress.ProgressSink;
import dev.socratic.trainer.progress.TrainingStep;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainerTest {
    private final GoldenCase golden = GoldenCase.read("gemma2-nf4-eager");

    private double lastLoss;

    @TempDir
    Path scratch;

    /** The tolerance is that of the type's own rounding, far below what a wrong cast or scale would cost. */
    @ParameterizedTest
    @CsvSource({"float16, 2e-3", "bfloat16, 2e-2"})
    void lowerPrecisionStaysOnTheCurve(String compute, double tolerance) {
        List<TrainingStep> exact = train(golden.spec(scratch));
        List<TrainingStep> rounded = train(golden.spec(scratch, "quantization.computeDtype: " + compute));
        for (int i = 0; i < exact.size(); i++) {
            assertThat(rounded.get(i).loss())
                    .isCloseTo(
                            exact.get(i).loss(), within(tolerance * exact.get(i).loss()));
            assertThat(rounded.get(i).loss()).isNotEqualTo(exact.get(i).loss());
        }
    }

    /** As in transformers' Trainer, the schedule stands still too. */
    @Test
    void aSkippedStepDoesNotMoveTheLearningRate() {
        List<TrainingStep> steps = train(golden.spec(
                scratch, "quantization.computeDtype: float16", "lora.alpha: 60000", "training.warmupSteps: 0"));
        assertThat(steps).noneMatch(step -> Double.isFinite(step.gradNorm()));
        assertThat(steps)
                .extracting(TrainingStep::learningRate)
                .containsOnly(steps.get(0).learningRate());
    }

    @Test
    void aGradientThatIsNotFiniteEndsARunWithoutALossScale() {
        SocraticFineTuneSpec spec = golden.spec(scratch);
        UnaryOperator<StepGradients.Step> infinite =
                step -> new StepGradients.Step(step.micro(), Double.POSITIVE_INFINITY, step.dropout(), step.noise());
        assertThatThrownBy(() -> train(spec, infinite))
                .isInstanceOfSatisfying(
                        TrainerFailure.class, f -> assertThat(f.reason()).isEqualTo(FailureReason.InvalidConfiguration))
                .hasMessageStartingWith("step 1");
    }

    @Test
    void microBatchesDoNotChangeTheStep() {
        List<TrainingStep> four = train(golden.spec(
                scratch, "training.batchSize: 4", "training.gradientAccumulation: 1", "training.maxSteps: 1"));
        double evaluationInFours = lastLoss;
        List<TrainingStep> single = train(golden.spec(
                scratch, "training.batchSize: 1", "training.gradientAccumulation: 4", "training.maxSteps: 1"));
        assertThat(lastLoss).isCloseTo(evaluationInFours, within(1e-6));
        assertThat(single.get(0).loss()).isCloseTo(four.get(0).loss(), within(1e-6));
        assertThat(single.get(0).gradNorm()).isCloseTo(four.get(0).gradNorm(), within(1e-5));
        assertThat(single.get(0).tokens()).isEqualTo(four.get(0).tokens());
    }

    @Test
    void dropoutChangesTrainingButNotEvaluation() {
        List<TrainingStep> without =
                train(golden.spec(scratch, "training.evalEverySteps: 1", "training.warmupSteps: 5"));
        List<TrainingStep> with = train(
                golden.spec(scratch, "training.evalEverySteps: 1", "training.warmupSteps: 5", "lora.dropout: 0.5"));
        assertThat(with.get(0).loss()).isNotEqualTo(without.get(0).loss());
        assertThat(with.get(0).evalLoss()).isEqualTo(without.get(0).evalLoss());
    }

    @Test
    void noiseChangesTrainingButNotEvaluation() {
        List<TrainingStep> without =
                train(golden.spec(scratch, "training.evalEverySteps: 1", "training.warmupSteps: 5"));
        List<TrainingStep> with = train(golden.spec(
                scratch, "training.evalEverySteps: 1", "training.warmupSteps: 5", "training.neftuneNoiseAlpha: 5"));
        assertThat(with.get(0).loss()).isNotEqualTo(without.get(0).loss());
        assertThat(with.get(0).evalLoss()).isEqualTo(without.get(0).evalLoss());
    }

    @Test
    void noiseFillsItsBoundAndNoMore() {
        try (TorchEngine engine = TorchEngine.start();
                NDManager scope = engine.root().newSubManager()) {
            double bound = new Noise(5, 42).bound(16, 64);
            assertThat(bound).isEqualTo(5 / Math.sqrt(16 * 64));
            NDArray zeros = scope.zeros(new Shape(16, 64));
            float[] noise = engine.tensors().noised(scope, zeros, bound, 42).toFloatArray();
            float[] again = engine.tensors().noised(scope, zeros, bound, 42).toFloatArray();
            assertThat(again).isEqualTo(noise);
            Arrays.sort(noise);
            assertThat(noise[0]).isBetween((float) -bound, (float) (-0.99 * bound));
            assertThat(noise[noise.length - 1]).isBetween((float) (0.99 * bound), (float) bound);
            assertThat(noise[noise.length / 2]).isCloseTo(0, within((float) (0.1 * bound)));
        }
    }

    /** A rate so high that the loss soon rises. */
    @Test
    void earlyStoppingEndsWithTheBestAdapter() {
        SocraticFineTuneSpec spec = golden.spec(
                scratch,
                "training.learningRate: 0.5",
                "training.maxSteps: 40",
                "training.evalEverySteps: 1",
                "training.checkpointEverySteps: 1",
                "dataset.evalUri: pvc://data/e.jsonl",
                "training.earlyStoppingPatience: 3");
        List<TrainingStep> steps = train(spec);
        double best = steps.stream().mapToDouble(TrainingStep::evalLoss).min().orElseThrow();
        assertThat(steps).hasSizeLessThan(40);
        assertThat(steps.get(steps.size() - 4).evalLoss()).isEqualTo(best);
        assertThat(lastLoss).isEqualTo(best);
        assertThat(train(spec)).as("asked for again, it has ended").isEmpty();
        assertThat(lastLoss).isEqualTo(best);
    }

    @ParameterizedTest
    @CsvSource({
        "'lora.modulesToSave: [down_proj]', spec.lora.modulesToSave",
        "'lora.rankPattern: {q_prj: 4}', spec.lora.rankPattern",
    })
    void whatIsNotSupportedIsRefused(String change, String field) {
        SocraticFineTuneSpec spec = golden.spec(scratch, change.split("; "));
        assertThatThrownBy(() -> train(spec))
                .isInstanceOfSatisfying(
                        TrainerFailure.class, f -> assertThat(f.reason()).isEqualTo(FailureReason.InvalidConfiguration))
                .hasMessageStartingWith(field);
    }

    @Test
    void factorsStartAsPeftStartsThem() {
        SocraticFineTuneSpec spec = golden.spec(scratch, "training.seed: 42", "lora.useDora: true");
        DeviceMap cpu = DeviceMap.allOn("cpu", 3);
        LoadRequest request = new LoadRequest(
                golden.modelFolder(), spec, cpu, 0, Optional.empty(), Collections.nCopies(3, SavedActivations.INPUTS));
        try (TorchEngine engine = TorchEngine.start();
                Decoder decoder = Decoder.load(engine, request);
                Checkpoint peft = Checkpoint.open(GoldenCase.FOLDER.resolve("lora_init.safetensors"))) {
            var ours = decoder.adapter().toPeft();
            assertThat(peft.names()).hasSize(21);
            for (String name : peft.names()) {
                float[] values = Floats.of(ours.get(name));
                float[] expected = peft.tensor(name).toFloats();
                if (name.endsWith("magnitude_vector")) {
                    assertThat(values).as(name).containsExactly(expected, within(1e-6f));
                } else {
                    assertThat(values).as(name).isEqualTo(expected);
                }
            }
        }
    }

    /**
     * PEFT casts factors and magnitudes to float32, but neither biases nor the embeddings that it copies; the biases of
     * NF4 layers take the type of their products.
     */
    @ParameterizedTest
    @CsvSource({"llama3-dense-bfloat16, BF16, BF16", "llama3-nf4-bfloat16, F32, BF16"})
    void anAdapterHasPeftsTypes(String name, DType embedding, DType bias) {
        GoldenCase golden = GoldenCase.read(name);
        SocraticFineTuneSpec spec =
                golden.spec(scratch, "lora.useDora: true", "lora.modulesToSave: [embed_tokens]", "lora.bias: all");
        DeviceMap cpu = DeviceMap.allOn("cpu", 3);
        LoadRequest request = new LoadRequest(
                golden.modelFolder(), spec, cpu, 0, Optional.empty(), Collections.nCopies(3, SavedActivations.INPUTS));
        try (TorchEngine engine = TorchEngine.start();
                Decoder decoder = Decoder.load(engine, request)) {
            decoder.adapter().toPeft().forEach((key, tensor) -> {
                DType expected = key.contains("lora") ? DType.F32 : key.endsWith("bias") ? bias : embedding;
                assertThat(tensor.dtype()).as(key).isEqualTo(expected);
                if (key.endsWith("magnitude_vector") && embedding == DType.BF16) {
                    for (float value : Floats.of(tensor)) {
                        assertThat(value).as(key).isEqualTo(Precision.BFLOAT16.round(value));
                    }
                }
            });
        }
    }

    private List<TrainingStep> train(SocraticFineTuneSpec spec) {
        return train(spec, UnaryOperator.identity());
    }

    private List<TrainingStep> train(SocraticFineTuneSpec spec, UnaryOperator<StepGradients.Step> changed) {
        List<TrainingStep> steps = new ArrayList<>();
        ProgressSink sink = new ProgressSink() {
            @Override
            public void step(TrainingStep step) {
                steps.add(step);
            }
        };
        try (TorchEngine engine = TorchEngine.start();
                StopSignal stop = StopSignal.onSigterm();
                Decoder decoder = golden.load(engine, spec, scratch, SavedActivations.INPUTS)) {
            new Trainer(decoder, changed(StepGradients.on(decoder), changed), sink, stop)
                    .run(new TrainingJob(
                            "test", spec, golden.examples(), golden.examples(), golden.microBatching(spec), scratch));
            lastLoss = new Evaluation(decoder, golden.examples(), 2, golden.microBatching(spec)).loss();
        }
        return steps;
    }

    private static StepGradients changed(StepGradients gradients, UnaryOperator<StepGradients.Step> change) {
        return new StepGradients() {
            @Override
            public double sum(Step step) {
                return gradients.sum(change.apply(step));
            }

            @Override
            public void close() {
                gradients.close();
            }
        };
    }
}
