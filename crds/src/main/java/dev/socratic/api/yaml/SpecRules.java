package dev.socratic.api.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.spec.ImageName;
import dev.socratic.api.v1alpha1.spec.MemoryQuantity;
import dev.socratic.api.v1alpha1.spec.ObjectName;
import dev.socratic.api.v1alpha1.spec.UriSchemes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The CRD's CEL rules for files on the command line, where file:// is allowed as well. */
final class SpecRules {
    private static final Map<String, UriSchemes> URIS = Map.of(
            "spec.model.uri", UriSchemes.MODEL,
            "spec.lora.initialAdapterUri", UriSchemes.MODEL,
            "spec.dataset.uri", UriSchemes.DATASET,
            "spec.dataset.evalUri", UriSchemes.DATASET,
            "spec.output.uri", UriSchemes.OUTPUT);

    private static final List<String> NAMES = List.of(
            "spec.model.secretRef.name",
            "spec.output.secretRef.name",
            "spec.placement.runtimeClassName",
            "spec.placement.priorityClassName");

    private SpecRules() {}

    static List<Problem> problems(YamlDocument document) {
        List<Problem> problems = new ArrayList<>();
        URIS.forEach((path, schemes) -> {
            JsonNode uri = at(document.tree(), path);
            if (uri.isTextual() && !schemes.allowsOnCommandLine(uri.asText())) {
                problems.add(document.atValue(
                        path,
                        "found " + uri + "; allowed: file:///PATH, " + String.join("://, ", schemes.inCluster())
                                + ":// followed by a name, without /.."));
            }
        });
        NAMES.forEach(path -> {
            JsonNode name = at(document.tree(), path);
            if (name.isTextual() && !ObjectName.isValid(name.asText())) {
                problems.add(document.atValue(path, "found " + name + "; allowed: " + ObjectName.ALLOWED));
            }
        });
        JsonNode placement = at(document.tree(), "spec.placement");
        JsonNode image = placement.path("image");
        if (image.isTextual() && !ImageName.isValid(image.asText())) {
            problems.add(
                    document.atValue("spec.placement.image", "found " + image + "; allowed: " + ImageName.ALLOWED));
        }
        int gpus = placement.path("gpus").asInt();
        placement
                .path("maxMemory")
                .fields()
                .forEachRemaining(entry -> checkCap(document, problems, gpus, entry.getKey(), entry.getValue()));
        checkShares(document, problems, gpus, placement);
        checkEvaluation(document, problems);
        return problems;
    }

    /** Examples for the evaluation come from one place, and patience needs evaluations. */
    private static void checkEvaluation(YamlDocument document, List<Problem> problems) {
        JsonNode dataset = at(document.tree(), "spec.dataset");
        JsonNode training = at(document.tree(), "spec.training");
        if (dataset.hasNonNull("evalUri") && dataset.hasNonNull("evalSplit")) {
            problems.add(document.atValue(
                    "spec.dataset.evalSplit",
                    "found " + dataset.get("evalSplit") + " beside evalUri; allowed: one of them"));
        }
        boolean evaluated = dataset.hasNonNull("evalUri") || dataset.hasNonNull("evalSplit");
        boolean never = training.path("evalEverySteps").isNumber()
                && training.path("evalEverySteps").asInt() == 0;
        if (training.hasNonNull("earlyStoppingPatience") && (!evaluated || never)) {
            problems.add(document.atValue(
                    "spec.training.earlyStoppingPatience",
                    "found " + training.get("earlyStoppingPatience")
                            + ", but nothing is evaluated; allowed: with dataset.evalUri or dataset.evalSplit, and"
                            + " training.evalEverySteps above 0"));
        }
    }

    /** Replicas are equal: each GPU has a cap, or none has. */
    private static void checkShares(YamlDocument document, List<Problem> problems, int gpus, JsonNode placement) {
        List<String> capped = new ArrayList<>();
        placement.path("maxMemory").fieldNames().forEachRemaining(capped::add);
        capped.remove("cpu");
        boolean data = placement.path("parallelism").asText().equals("data");
        if (data && gpus > 0 && !capped.isEmpty() && capped.size() != gpus) {
            problems.add(document.atValue(
                    "spec.placement.parallelism",
                    "found \"data\" and gpus " + gpus + ", but maxMemory caps the GPUs " + capped
                            + "; allowed: a cap for each GPU, or for none"));
        }
    }

    private static void checkCap(
            YamlDocument document, List<Problem> problems, int gpus, String device, JsonNode amount) {
        String path = "spec.placement.maxMemory." + device;
        if (!MemoryQuantity.isDevice(device)) {
            problems.add(document.atKey(
                    path, "found the key \"" + device + "\"; allowed: a GPU index from 0 to 63, or cpu"));
        } else if (gpus > 0 && !device.equals("cpu") && Integer.parseInt(device) >= gpus) {
            problems.add(document.atKey(
                    path,
                    "caps GPU " + device + " but spec.placement.gpus is " + gpus
                            + "; allowed: GPU keys below gpus (raise gpus or remove the cap)"));
        }
        if (amount.isTextual() && !MemoryQuantity.isAmount(amount.asText())) {
            problems.add(document.atValue(path, "found " + amount + "; allowed: " + MemoryQuantity.ALLOWED));
        }
    }

    private static JsonNode at(JsonNode tree, String path) {
        JsonNode node = tree;
        for (String name : path.split("[.]")) {
            node = node.path(name);
        }
        return node;
    }
}
