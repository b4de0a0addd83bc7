package dev.socratic.local.node;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Runs the node's pods as processes and writes what becomes of them. */
public final class Kubelet implements AutoCloseable {
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(30);
    private static final Duration CLOSING_GRACE = Duration.ofSeconds(5);
    private static final int NOT_FOUND = 404;
    private static final int START_ERROR = 128;
    private static final int SIGKILL_EXIT = 137;

    private final KubernetesClient client;
    private final NodeSettings settings;
    private final Claims claims;
    private final Clock clock;
    private final Runnable wake;
    private final PodAddresses addresses = new PodAddresses(new Random());
    private final Map<String, Running> running = new HashMap<>();

    /** @param wake runs when a process ends, on a thread of its own */
    public Kubelet(KubernetesClient client, NodeSettings settings, Claims claims, Clock clock, Runnable wake) {
        this.client = client;
        this.settings = settings;
        this.claims = claims;
        this.clock = clock;
        this.wake = wake;
    }

    /** Looks at all pods once; those of other nodes are left alone. */
    public synchronized void sync(List<Pod> pods) {
        Set<String> present = new HashSet<>();
        for (Pod pod : pods) {
            present.add(pod.getMetadata().getUid());
            if (settings.name().equals(pod.getSpec().getNodeName())) {
                sync(pod);
            }
        }
        for (var entry : List.copyOf(running.entrySet())) {
            if (!present.contains(entry.getKey())) {
                entry.getValue().process().stop(entry.getValue().grace());
                if (!entry.getValue().process().isAlive()) {
                    forget(entry.getKey());
                }
            }
        }
    }

    private void sync(Pod pod) {
        String uid = pod.getMetadata().getUid();
        boolean deleted = pod.getMetadata().getDeletionTimestamp() != null;
        Running mine = running.get(uid);
        if (PodStatuses.ended(pod) || (mine == null && deleted)) {
            forget(uid);
            if (deleted) {
                remove(pod);
            }
        } else if (mine == null) {
            start(pod);
        } else if (!mine.process().isAlive()) {
            write(pod, terminated(pod, mine));
        } else if (deleted) {
            mine.process().stop(grace(pod));
        } else if (!"Running".equals(pod.getStatus().getPhase())) {
            write(pod, statuses(pod).running(mine.address(), mine.process().startedAt()));
        }
    }

    private void start(Pod pod) {
        var spec = pod.getSpec();
        if (spec.getContainers().size() != 1 || !spec.getInitContainers().isEmpty()) {
            waiting(pod, "CreateContainerError", "local mode runs pods of one container without init containers");
            return;
        }
        Container container = spec.getContainers().get(0);
        Optional<List<String>> entryPoint = settings.images().entryPoint(container.getImage());
        if (entryPoint.isEmpty()) {
            waiting(
                    pod,
                    "ErrImageNeverPull",
                    "local mode has no program for image " + container.getImage() + ", only for the trainer's");
            return;
        }
        int port = container.getPorts().isEmpty()
                ? ContainerEnvironment.PROGRESS_PORT
                : container.getPorts().get(0).getContainerPort();
        String address = addresses.next(port);
        try {
            launch(pod, entryPoint.get(), address);
        } catch (ContainerConfigError e) {
            addresses.release(address);
            waiting(pod, e.reason(), e.getMessage());
        } catch (IOException e) {
            addresses.release(address);
            write(pod, statuses(pod).terminated(START_ERROR, "StartError", e.getMessage(), clock.instant()));
        }
    }

    private void launch(Pod pod, List<String> entryPoint, String address) throws ContainerConfigError, IOException {
        Container container = pod.getSpec().getContainers().get(0);
        var config = new PodConfig(client, pod.getMetadata().getNamespace());
        var folder = PodFolder.prepare(pod, settings, claims, config);
        var environment = ContainerEnvironment.of(pod, folder, config, address, System.getenv());
        List<String> command = new ArrayList<>(container.getCommand().isEmpty() ? entryPoint : container.getCommand());
        container.getArgs().stream()
                .map(argument -> ContainerEnvironment.expand(argument, environment))
                .map(folder::here)
                .forEach(command::add);
        var process = PodProcess.start(command, environment, folder, clock.instant(), wake);
        running.put(pod.getMetadata().getUid(), new Running(process, folder, address, grace(pod)));
        write(pod, statuses(pod).running(address, process.startedAt()));
    }

    private PodStatus terminated(Pod pod, Running ended) {
        int code = ended.process().exitCode();
        String policy = pod.getSpec().getContainers().get(0).getTerminationMessagePolicy();
        String message = TerminationMessage.read(ended.folder(), policy, code);
        String reason = code == 0 ? "Completed" : code == SIGKILL_EXIT ? "Killed" : "Error";
        return statuses(pod).terminated(code, reason, message, ended.process().startedAt());
    }

    private void waiting(Pod pod, String reason, String message) {
        var state = pod.getStatus() == null
                        || pod.getStatus().getContainerStatuses().isEmpty()
                ? null
                : pod.getStatus().getContainerStatuses().get(0).getState().getWaiting();
        if (state == null || !reason.equals(state.getReason()) || !Objects.equals(message, state.getMessage())) {
            write(pod, statuses(pod).waiting(reason, message));
        }
    }

    private PodStatuses statuses(Pod pod) {
        return new PodStatuses(pod, clock.instant());
    }

    private void write(Pod pod, PodStatus status) {
        try {
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .editStatus(found -> found.edit().withStatus(status).build());
        } catch (KubernetesClientException e) {
            if (e.getCode() != NOT_FOUND) {
                throw e;
            }
        }
    }

    private void remove(Pod pod) {
        client.pods().resource(pod).withGracePeriod(0).delete();
    }

    private void forget(String uid) {
        Running ended = running.remove(uid);
        if (ended != null) {
            addresses.release(ended.address());
        }
    }

    private static Duration grace(Pod pod) {
        Long seconds = Optional.ofNullable(pod.getMetadata().getDeletionGracePeriodSeconds())
                .orElse(pod.getSpec().getTerminationGracePeriodSeconds());
        return seconds == null ? DEFAULT_GRACE : Duration.ofSeconds(seconds);
    }

    /** Ends every process: all are asked first, and killed if they have not ended after a short grace. */
    @Override
    public synchronized void close() {
        running.values().forEach(pod -> pod.process().stop(CLOSING_GRACE));
        running.values().forEach(pod -> pod.process().end(CLOSING_GRACE));
        running.clear();
    }

    private record Running(PodProcess process, PodFolder folder, String address, Duration grace) {}
}
