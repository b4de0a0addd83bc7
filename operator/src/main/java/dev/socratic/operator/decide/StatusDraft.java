package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.status.AdapterStatus;
import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.DeviceStatus;
import dev.socratic.api.v1alpha1.status.Parameters;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.Progress;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.observe.JobFacts;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.PodFacts;
import dev.socratic.operator.progress.TrainerReport;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The facts of a status: what was known about the run, with what the observation adds. The verdict comes last. */
final class StatusDraft {
    private final Observation observation;
    private final String startTime;
    private final String nodeName;
    private final String modelRevision;
    private final Parameters parameters;
    private final Progress progress;
    private final List<DeviceStatus> devices;
    private final CheckpointStatus checkpoint;
    private final AdapterStatus adapter;
    private final String report;
    private final List<Condition> conditions;
    private final String completionTime;

    private StatusDraft(Observation o, Optional<SocraticFineTuneStatus> known, Optional<TrainerReport> news) {
        this.observation = o;
        Optional<PodFacts> pod = o.pod();
        this.startTime = known.map(SocraticFineTuneStatus::startTime)
                .or(() -> pod.map(PodFacts::runningSince).map(Instant::toString))
                .orElse(null);
        this.nodeName = pod.filter(PodFacts::started)
                .map(PodFacts::node)
                .or(() -> known.map(SocraticFineTuneStatus::nodeName))
                .orElse(null);
        this.modelRevision = news.map(TrainerReport::modelRevision)
                .or(() -> known.map(SocraticFineTuneStatus::modelRevision))
                .orElse(null);
        this.parameters = news.map(TrainerReport::parameters)
                .or(() -> known.map(SocraticFineTuneStatus::parameters))
                .orElse(null);
        this.progress = ProgressOf.newer(known.map(SocraticFineTuneStatus::progress), news);
        this.devices = news.map(TrainerReport::devices)
                .filter(list -> !list.isEmpty())
                .or(() -> known.map(SocraticFineTuneStatus::devices))
                .orElse(List.of());
        this.checkpoint = o.checkpoint().orElse(null);
        this.adapter = news.map(TrainerReport::adapter)
                .or(() -> known.map(SocraticFineTuneStatus::adapter))
                .orElse(null);
        this.report = news.map(TrainerReport::report)
                .or(() -> known.map(SocraticFineTuneStatus::report))
                .orElse(null);
        this.conditions = Optional.ofNullable(o.resource().getStatus())
                .map(SocraticFineTuneStatus::conditions)
                .orElse(List.of());
        this.completionTime = known.map(SocraticFineTuneStatus::completionTime).orElse(null);
    }

    static StatusDraft of(Observation observation) {
        return new StatusDraft(observation, observation.status(), observation.report());
    }

    /** @param jobName the run's Job if it is there or about to be; a Job that was there is remembered */
    SocraticFineTuneStatus with(Verdict verdict, Optional<String> jobName) {
        Long generation = observation.resource().getMetadata().getGeneration();
        return new SocraticFineTuneStatus(
                verdict.phase(),
                verdict.message(),
                Conditions.of(verdict, conditions, generation, observation.now()),
                generation,
                observation.run().id().toString(),
                jobName.or(() -> observation.status().map(SocraticFineTuneStatus::jobName))
                        .orElse(null),
                nodeName,
                startTime,
                verdict.endedAt().map(Instant::toString).orElse(completionTime),
                attempts(observation, verdict),
                modelName(),
                modelRevision,
                parameters,
                progress,
                devices,
                checkpoint,
                adapter,
                report);
    }

    private String modelName() {
        String uri = observation.spec().model().uri();
        return uri.substring(uri.indexOf("://") + (uri.contains("://") ? "://".length() : 1));
    }

    /**
     * Pods started: those that the Job counts as failed and the one that is there, and those that only the status
     * knows, such as evicted ones.
     */
    private static Integer attempts(Observation o, Verdict verdict) {
        int known = o.status().map(SocraticFineTuneStatus::attempts).orElse(0);
        int failed = o.job().map(JobFacts::failedPods).orElse(0);
        boolean over = o.pod()
                .map(PodFacts::termination)
                .filter(end -> end.exitCode() != 0)
                .isPresent();
        boolean failing =
                o.job().filter(job -> job.end() == JobFacts.End.FAILING).isPresent();
        boolean counted = failed > 0 && (over || failing);
        boolean started = o.pod().filter(PodFacts::started).isPresent();
        boolean another = verdict.phase() == Phase.RUNNING
                && o.pod().filter(pod -> pod.life() == PodFacts.Life.ALIVE).isPresent()
                && o.phase().filter(phase -> phase != Phase.RUNNING).isPresent();
        int attempts = Math.max(another ? known + 1 : known, failed + (started && !counted ? 1 : 0));
        return attempts == 0 ? null : Integer.valueOf(attempts);
    }
}
