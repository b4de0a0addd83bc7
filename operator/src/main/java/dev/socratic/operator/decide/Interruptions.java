package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.observe.Disruption;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import java.util.Optional;

/** A run whose pod ends, is taken away or is lost, and goes on from its last checkpoint in another. */
final class Interruptions {
    private static final String NODE_UNREACHABLE = "NodeUnreachable";
    private static final String STOPPING = "Stopping";

    private Interruptions() {}

    /** Whether {@code reason} is of this class, and not the trainer's, while the run is Running. */
    static boolean isReason(String reason) {
        return NODE_UNREACHABLE.equals(reason) || STOPPING.equals(reason);
    }

    /**
     * A pod that was told to end and does not holds the next one back: the Job controller replaces only pods that are
     * known to be over. One whose node is not heard of is declared over; should its trainer still run, the next one asks
     * it to hand the output over.
     */
    static Verdict stuck(PodFacts pod, Observation o) {
        if (pod.lost()) {
            return Verdict.waiting(
                    Phase.PENDING,
                    "NodeLost",
                    "Node %s does not answer, and pod %s is given up; another goes on%s."
                            .formatted(pod.node(), pod.name(), fromCheckpoint(o)));
        }
        return Verdict.blocked(
                "PodStuck",
                "Pod %1$s should have ended by %2$s and has not; kubectl describe pod %1$s says more. Another goes on%3$s when it is gone."
                        .formatted(pod.name(), pod.endsBy(), fromCheckpoint(o)));
    }

    /** What ran or waited before is on its way out, and holds the next one back. */
    static Verdict leaving(Observation o) {
        Phase phase = Queueing.waits(o) ? Phase.QUEUED : Phase.PENDING;
        return o.stuckPod()
                .map(pod -> stuck(pod, o))
                .or(() -> o.stuckJob().map(job -> stuck(job, phase)))
                .orElseGet(() -> Obstacles.previousRun(phase));
    }

    private static Verdict stuck(JobFacts job, Phase phase) {
        return Verdict.stalled(
                phase,
                "JobStuck",
                "Job %1$s was told to go at %2$s and is still there. It waits for %3$s; kubectl get job %1$s -o yaml names its finalizers. This run starts when it is gone."
                        .formatted(
                                job.name(),
                                job.deletedAt(),
                                job.queue() == null
                                        ? "what belongs to it"
                                        : "its Workload, which Kueue has to let go"));
    }

    /** A running pod whose node is not heard of, or that was told to stop; empty for one that just runs. */
    static Optional<Verdict> ofRunning(PodFacts pod, Observation o) {
        if (pod.nodeState() == PodFacts.Node.SILENT) {
            return Optional.of(Verdict.waiting(
                    Phase.RUNNING,
                    NODE_UNREACHABLE,
                    "Node %s does not answer. If it stays away, Kubernetes gives pod %s up after some minutes."
                            .formatted(pod.node(), pod.name())));
        }
        return pod.life() == PodFacts.Life.ENDING
                ? Optional.of(Verdict.inProgress(
                        Phase.RUNNING,
                        STOPPING,
                        "Pod %s is taken away%s; the trainer writes a checkpoint and stops."
                                .formatted(pod.name(), why(pod.disruption()))))
                : Optional.empty();
    }

    /** The container is over, or gone with its pod, and the Job has yet to start another. */
    static Verdict retrying(Observation o) {
        Optional<Disruption> disruption = o.pod().map(PodFacts::disruption);
        if (disruption.isPresent() || o.termination().isEmpty()) {
            return Verdict.inProgress(
                    Phase.PENDING,
                    "Interrupted",
                    "The pod was taken away%s; another goes on%s."
                            .formatted(why(disruption.orElse(null)), fromCheckpoint(o)));
        }
        Failures.Cause cause = Failures.cause(o);
        return Verdict.inProgress(
                Phase.PENDING,
                "Retrying",
                "%s (%s) Another attempt goes on%s.".formatted(cause.message(), cause.reason(), fromCheckpoint(o)));
    }

    static Verdict suspended(Observation o) {
        Optional<PodFacts> stuck = o.stuckPod();
        if (stuck.isPresent()) {
            return Verdict.suspended("Held back by spec.suspend; but pod %s on node %s does not end."
                    .formatted(stuck.get().name(), stuck.get().node()));
        }
        boolean stopping =
                o.pod().filter(pod -> pod.life() != PodFacts.Life.OVER).isPresent()
                        || !o.stalePods().isEmpty();
        return Verdict.suspended(
                stopping
                        ? "The trainer writes a checkpoint and stops."
                        : "Held back by spec.suspend; set it to false to %s."
                                .formatted(hasStarted(o) ? "go on" + fromCheckpoint(o) : "start"));
    }

    private static boolean hasStarted(Observation o) {
        return o.status().map(SocraticFineTuneStatus::startTime).isPresent()
                || o.report().isPresent();
    }

    private static String fromCheckpoint(Observation o) {
        return o.checkpoint()
                .map(CheckpointStatus::step)
                .map(step -> " from the checkpoint at step " + step)
                .orElse(" from the last checkpoint");
    }

    private static String why(Disruption disruption) {
        if (disruption == null) {
            return "";
        }
        return disruption.message() == null || disruption.message().isBlank()
                ? " (" + disruption.reason() + ")"
                : " (" + disruption.reason() + ": " + disruption.message().replaceAll("\\.$", "") + ")";
    }
}
