package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.observe.MissingReference;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import dev.socratic.operator.observe.Waiting;
import dev.socratic.operator.observe.Warning;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Why a run does not start yet. */
final class Obstacles {
    private static final String IMAGE = "ImagePullFailed";
    private static final Set<String> IMAGE_REASONS = Set.of(
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "ImageInspectError",
            "RegistryUnavailable");
    private static final Set<String> CONFIG_REASONS =
            Set.of("CreateContainerConfigError", "CreateContainerError", "RunContainerError");

    private static final Set<MissingReference.Kind> ABSENT =
            EnumSet.of(MissingReference.Kind.CLAIM, MissingReference.Kind.CONFIG_MAP);

    private Obstacles() {}

    static Verdict verdict(Observation o) {
        return missing(o)
                .or(() -> o.pod().map(PodFacts::waiting).flatMap(waiting -> waiting(o, waiting)))
                .or(() -> o.pod().map(PodFacts::unschedulable).map(said -> unschedulable(o, said)))
                .or(() -> o.warning().map(warning -> warned(o, warning)))
                .orElseGet(Obstacles::starting);
    }

    private static Optional<Verdict> missing(Observation o) {
        return o.missing().stream()
                .filter(reference -> ABSENT.contains(reference.kind()))
                .findFirst()
                .map(reference -> missing(reference, o.run().namespace()));
    }

    private static Verdict missing(MissingReference reference, String namespace) {
        String kind = reference.kind() == MissingReference.Kind.CLAIM ? "PersistentVolumeClaim" : "ConfigMap";
        if (reference.key() != null) {
            return Verdict.blocked(
                    "ConfigMapKeyNotFound",
                    "%s asks for key \"%s\" of ConfigMap %s/%s, which has no such key. Add the key, or correct the field; the run then starts by itself."
                            .formatted(reference.field(), reference.key(), namespace, reference.name()));
        }
        return Verdict.blocked(
                kind + "NotFound",
                "%s names %s %s/%s, which does not exist. Create it, or correct the field; the run then starts by itself."
                        .formatted(reference.field(), kind, namespace, reference.name()));
    }

    private static Optional<Verdict> waiting(Observation o, Waiting waiting) {
        String said = waiting.message() == null ? waiting.reason() : waiting.message();
        if (IMAGE_REASONS.contains(waiting.reason())) {
            return Optional.of(Verdict.blocked(IMAGE, imageMessage(o, waiting, said)));
        }
        if (CONFIG_REASONS.contains(waiting.reason())) {
            boolean secret = said.toLowerCase(Locale.ROOT).contains("secret");
            return Optional.of(Verdict.blocked(
                    secret ? "SecretNotFound" : waiting.reason(),
                    "The container cannot be created: %s.%s"
                            .formatted(
                                    said.replaceAll("\\.$", ""),
                                    secret
                                            ? " Create the Secret with the key that is named in spec.model.secretRef or spec.output.secretRef; the run then starts by itself."
                                            : "")));
        }
        return Optional.empty();
    }

    /** The kubelet takes turns between the error and "back-off"; only the first tells something. */
    private static String imageMessage(Observation o, Waiting waiting, String said) {
        Optional<String> told = o.status()
                .filter(status -> IMAGE.equals(Conditions.reason(status.conditions())))
                .map(SocraticFineTuneStatus::message);
        return "ImagePullBackOff".equals(waiting.reason()) && told.isPresent()
                ? told.get()
                : "The trainer's image cannot be had: " + said;
    }

    private static Verdict unschedulable(Observation o, String schedulerSays) {
        String unbound = o.missing().stream()
                .filter(reference -> reference.kind() == MissingReference.Kind.UNBOUND_CLAIM)
                .map(claim -> "%s (%s)"
                        .formatted(claim.name(), claim.field() == null ? "the run's checkpoints" : claim.field()))
                .collect(Collectors.joining(", "));
        return Verdict.waiting(
                Phase.PENDING,
                "Unschedulable",
                "No node takes the pod: " + schedulerSays
                        + (unbound.isEmpty()
                                ? ""
                                : " Claims that have no volume yet: %s; kubectl describe pvc says why."
                                        .formatted(unbound)));
    }

    /** A Job without a pod is refused one by quota or admission; a pod's warning may yet go by. */
    private static Verdict warned(Observation o, Warning warning) {
        return o.pod().isEmpty()
                ? Verdict.blocked(
                        warning.reason(),
                        "Job %s can make no pod: %s The Job tries again by itself."
                                .formatted(o.run().jobName(), Sentences.ended(warning.message())))
                : Verdict.waiting(
                        Phase.PENDING,
                        warning.reason(),
                        "The pod's container cannot be created yet: " + Sentences.ended(warning.message()));
    }

    static Verdict refused(Refusal refusal) {
        return switch (refusal.cause()) {
            case LEFTOVER -> previousRun(Phase.PENDING);
            case NAME_TAKEN ->
                Verdict.blocked(
                        "NameTaken",
                        "%s is there already. %s Delete or rename it; the run then starts by itself."
                                .formatted(refusal.object(), refusal.message()));
            case REFUSED -> refused(refusal, "It is tried again by itself.");
            case INVALID -> refused(refusal, "Correct the spec; the run then starts by itself.");
            case TOO_LONG ->
                Verdict.blocked(
                        "SpecTooLong", "%s Shorten it; the run then starts by itself.".formatted(refusal.message()));
        };
    }

    private static Verdict refused(Refusal refusal, String remedy) {
        return Verdict.blocked(
                "CreationRefused",
                "%s cannot be created: %s %s".formatted(refusal.object(), Sentences.ended(refusal.message()), remedy));
    }

    static Verdict notAllowed(List<String> breaches) {
        return Verdict.blocked(
                "NotAllowed",
                String.join(" ", breaches) + " Correct the spec, or ask for more; the run then starts by itself.");
    }

    static Verdict previousRun(Phase phase) {
        return Verdict.inProgress(
                phase, "StoppingPreviousRun", "The earlier run is being stopped; this one starts after it.");
    }

    /** One sentence for all that a healthy start goes through, as each other would be a write. */
    static Verdict starting() {
        return Verdict.inProgress(Phase.PENDING, "Starting", "The Job was created; its pod has not started yet.");
    }
}
