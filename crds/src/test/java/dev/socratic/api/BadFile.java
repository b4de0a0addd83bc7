package dev.socratic.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * good.yaml with one mistake in it.
 *
 * @param good text of good.yaml
 * @param bad what stands there instead
 * @param line where the reader must point to
 * @param field what both the reader and the API server must name
 * @param inFile words that the reader must use: the value found and what is allowed
 * @param inCluster words that the API server must use
 */
record BadFile(String good, String bad, int line, String field, List<String> inFile, List<String> inCluster) {
    private static final List<String> DTYPES = List.of("fp16", "bfloat16", "float16", "float32");

    static Stream<BadFile> all() {
        return Stream.of(
                bad("dtype: float16", "dtype: fp16", 8, "spec.model.dtype", DTYPES),
                bad("hf://google", "ftp://google", 7, "spec.model.uri", List.of("ftp://google", "hf://", "pvc://")),
                bad("hf://google", "pvc://google/..", 7, "spec.model.uri", List.of("pvc://google/..", "without /..")),
                bad("configmap://", "/tmp/", 13, "spec.dataset.uri", List.of("/tmp/dialogues", "configmap://")),
                bad("pvc://adapters", "https://adapters", 28, "spec.output.uri", List.of("https://adapters", "pvc://")),
                bad("r: 16", "r: 0", 10, "spec.lora.r", List.of("0", "1")),
                bad(
                        "r: 16",
                        "rank: 16",
                        10,
                        "spec.lora.rank",
                        List.of("unknown field", "alpha"),
                        List.of("unknown field")),
                bad("r: 16", "r: many", 10, "spec.lora.r", List.of("many", "whole number"), List.of("integer")),
                bad("r: 16", "dropout: 1.0", 10, "spec.lora.dropout", List.of("1", "below 1"), List.of("less than 1")),
                bad(
                        "[q_proj, v_proj]",
                        "[]",
                        11,
                        "spec.lora.targetModules",
                        List.of("0 items", "at least 1"),
                        List.of("at least 1")),
                bad(
                        "[q_proj, v_proj]",
                        "[q_proj, 7]",
                        11,
                        "spec.lora.targetModules[1]",
                        List.of("7", "text"),
                        List.of("string")),
                bad("2e-4", "0", 15, "spec.training.learningRate", List.of("0", "above 0"), List.of("greater than 0")),
                bad(
                        "batchSize",
                        "batch_size",
                        16,
                        "spec.training.batch_size",
                        List.of("did you mean batchSize?"),
                        List.of("unknown field")),
                bad(
                        "batchSize: 1",
                        "scheduler: cosin",
                        16,
                        "spec.training.scheduler",
                        List.of("cosin", "constant, cosine, inverse_sqrt, linear, polynomial", "did you mean cosine?"),
                        List.of("cosin", "linear")),
                bad(
                        "batchSize: 1",
                        "earlyStoppingPatience: 3",
                        16,
                        "spec.training.earlyStoppingPatience",
                        List.of("found 3", "dataset.evalUri or dataset.evalSplit"),
                        List.of("dataset.evalUri or dataset.evalSplit")),
                bad(
                        "configmap://dialogues/train.jsonl",
                        "pvc://d/t.jsonl\n    evalUri: pvc://d/e.jsonl\n    evalSplit: 0.1",
                        15,
                        "spec.dataset.evalSplit",
                        List.of("found 0.1", "one of them"),
                        List.of("one of them")),
                bad(
                        "gpus: 2",
                        "gpus: 1",
                        22,
                        "spec.placement",
                        List.of("GPU 1", "gpus is 1", "below gpus"),
                        List.of("gpus is 1", "\"1\"", "below gpus")),
                bad(
                        "deviceMap: balanced\n    maxMemory:\n      \"0\": 4Gi",
                        "parallelism: data\n    maxMemory:",
                        19,
                        "spec.placement",
                        List.of("gpus 2", "[1]", "a cap for each GPU"),
                        List.of("gpus is 2", "\"1\"", "a cap for each GPU")),
                bad("gpus: 2", "gpus: 65", 18, "spec.placement.gpus", List.of("65", "64")),
                bad("\"0\": 4Gi", "gpu0: 4Gi", 21, "spec.placement.maxMemory", List.of("gpu0", "0 to 63, or cpu")),
                bad("4GiB", "plenty", 22, "spec.placement.maxMemory", List.of("plenty", "above 0 such as 4Gi")),
                bad("4GiB", "0Gi", 22, "spec.placement.maxMemory", List.of("0Gi", "above 0 such as 4Gi")),
                bad("4GiB", "1025Ti", 22, "spec.placement.maxMemory", List.of("1025Ti", "up to 1Pi")),
                bad(
                        "gpus: 2",
                        "gpus: 2\n    image: registry.example/Trainer:1",
                        19,
                        "spec.placement.image",
                        List.of("registry.example/Trainer:1", "in small letters")),
                bad("gpus: 2", "gpus: 2\n    image: \"\"", 19, "spec.placement.image", List.of("in small letters")),
                bad(
                        "  output:",
                        "  activeDeadlineSeconds: 9223372037\n  output:",
                        27,
                        "spec.activeDeadlineSeconds",
                        List.of("9223372037", "2147483647")),
                bad(
                        "balanced",
                        "balance",
                        19,
                        "spec.placement.deviceMap",
                        List.of("balance", "sequential", "did you mean balanced?"),
                        List.of("balance", "sequential")),
                bad(
                        "gpus: 2",
                        "gpus: 2\n    runtimeClassName: NVIDIA",
                        19,
                        "spec.placement.runtimeClassName",
                        List.of("NVIDIA", "small letters, digits")),
                bad(
                        "dtype: float16",
                        "secretRef: {name: hugging_face}",
                        8,
                        "spec.model.secretRef.name",
                        List.of("hugging_face", "small letters, digits")),
                bad(
                        "operator: Exists",
                        "operator: 5",
                        26,
                        "spec.placement.tolerations[0].operator",
                        List.of("5", "text"),
                        List.of("string")),
                bad(
                        "    uri: pvc://adapters/socratic-ja",
                        "    merge: true",
                        27,
                        "spec.output.uri",
                        List.of("missing", "pvc://CLAIM/PATH"),
                        List.of("Required")));
    }

    private static BadFile bad(String good, String bad, int line, String field, List<String> words) {
        return new BadFile(good, bad, line, field, words, words);
    }

    private static BadFile bad(
            String good, String bad, int line, String field, List<String> inFile, List<String> inCluster) {
        return new BadFile(good, bad, line, field, inFile, inCluster);
    }

    static String goodText() {
        try (InputStream file = BadFile.class.getResourceAsStream("good.yaml")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    String text() {
        String text = goodText();
        if (!text.contains(good)) {
            throw new IllegalStateException("good.yaml does not have " + good);
        }
        return text.replace(good, bad);
    }

    @Override
    public String toString() {
        return bad.trim();
    }
}
