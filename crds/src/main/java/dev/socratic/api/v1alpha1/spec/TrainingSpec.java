package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** Hyperparameters of the training loop, with the conventions of transformers' Trainer. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record TrainingSpec(
        @JsonPropertyDescription("Passes over the training examples; maxSteps wins if given.")
        @Default("3")
        @Min(1)
        @Max(100000)
        int epochs,

        @JsonPropertyDescription("Optimizer steps after which training ends.") @Min(1) @Max(100000000)
        Integer maxSteps,

        @JsonPropertyDescription("Examples a batch.") @Default("1") @Min(1) @Max(65536)
        int batchSize,

        @JsonPropertyDescription("Batches an optimizer step.") @Default("8") @Min(1) @Max(65536)
        int gradientAccumulation,

        @JsonPropertyDescription("Tokens at which an example is cut.") @Default("1024") @Min(2) @Max(1048576)
        int maxSequenceLength,

        @JsonPropertyDescription("Peak learning rate, above 0 and at most 1.")
        @Default("0.0002")
        @Min(value = 0, inclusive = false)
        @Max(1)
        double learningRate,

        @JsonPropertyDescription(
                "Course of the learning rate after the warm-up: linear, cosine, constant, inverse_sqrt or polynomial (to 1e-7).")
        @Default("cosine")
        Scheduler scheduler,

        @JsonPropertyDescription("Optimizer steps over which the learning rate rises from 0.")
        @Default("10")
        @Min(0)
        @Max(100000000)
        int warmupSteps,

        @JsonPropertyDescription("Decoupled weight decay of AdamW.") @Default("0") @Min(0) @Max(1)
        double weightDecay,

        @JsonPropertyDescription("Norm that gradients are clipped to, above 0.")
        @Default("1")
        @Min(value = 0, inclusive = false)
        double maxGradNorm,

        @JsonPropertyDescription(
                "Optimizer: adamw (beta 0.9 and 0.999, epsilon 1e-8), or adamw8bit, whose moments take 8 bits in blocks of 256, but for trained embeddings and tensors of fewer than 4096 values, which keep float32.")
        @Default("adamw")
        Optimizer optimizer,

        @JsonPropertyDescription("Seed of shuffling, adapter initialization and dropout.")
        @Default("42")
        @Min(0)
        @Max(4294967295L)
        long seed,

        @JsonPropertyDescription("Optimizer steps between checkpoints; 0 for none but the last.")
        @Default("50")
        @Min(0)
        @Max(100000000)
        int checkpointEverySteps,

        @JsonPropertyDescription(
                "Optimizer steps between evaluations of dataset.evalUri or evalSplit; 0 for none but the last.")
        @Default("50")
        @Min(0)
        @Max(100000000)
        int evalEverySteps,

        @JsonPropertyDescription(
                "NEFTune: noise on the embedded tokens in training, alpha / sqrt(length * hidden size) at most; absent: none.")
        @Min(0)
        @Max(1000)
        Double neftuneNoiseAlpha,

        @JsonPropertyDescription(
                "Label smoothing: share of each token's loss that is the mean over the vocabulary, in training and evaluation; absent: none.")
        @Min(0)
        @Max(1)
        Double labelSmoothingFactor,

        @JsonPropertyDescription(
                "Evaluations in a row without a lower evaluation loss after which training ends; the adapter is then the one with the lowest. Absent: never.")
        @Min(1)
        @Max(100000)
        Integer earlyStoppingPatience) {}
