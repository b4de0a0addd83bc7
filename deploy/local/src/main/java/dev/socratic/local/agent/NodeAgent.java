package dev.socratic.local.agent;

import dev.socratic.local.jobs.GarbageCollector;
import dev.socratic.local.jobs.JobController;
import dev.socratic.local.node.Claims;
import dev.socratic.local.node.Kubelet;
import dev.socratic.local.node.NodeObject;
import dev.socratic.local.node.NodeSettings;
import dev.socratic.local.node.Scheduler;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a cluster has and a bare API server lacks, on one thread: every change in the cluster and every end of a process
 * leads to one look at the whole, and the look reads from the API server, so that it never acts on an old picture.
 */
public final class NodeAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAgent.class);
    private static final Duration AFTER_AN_ERROR = Duration.ofMillis(500);

    private final KubernetesClient client;
    private final ResourceDefinitionContext fineTunes;
    private final Node node;
    private final JobController jobs;
    private final GarbageCollector garbage;
    private final Claims claims;
    private final Scheduler scheduler;
    private final Kubelet kubelet;
    private final AtomicBoolean due = new AtomicBoolean();
    private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
    private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "node-agent");
        thread.setDaemon(true);
        return thread;
    });

    private NodeAgent(
            KubernetesClient client,
            ResourceDefinitionContext fineTunes,
            NodeSettings settings,
            Scheduler.Binder binder,
            Clock clock,
            Duration firstBackoff) {
        this.client = client;
        this.fineTunes = fineTunes;
        this.node = NodeObject.register(client, settings.name());
        this.jobs = new JobController(client, clock, firstBackoff);
        this.garbage = new GarbageCollector(client, fineTunes, clock);
        this.claims = new Claims(client, settings);
        this.scheduler = new Scheduler(client, binder, clock);
        this.kubelet = new Kubelet(client, settings, claims, clock, this::wake);
    }

    /**
     * Registers the node and starts.
     *
     * @param client used by the agent alone; closed with it
     * @param fineTunes the resource whose deletion ends what it owns
     * @param firstBackoff wait before a failed pod is tried again
     */
    public static NodeAgent start(
            KubernetesClient client,
            ResourceDefinitionContext fineTunes,
            NodeSettings settings,
            Scheduler.Binder binder,
            Clock clock,
            Duration firstBackoff) {
        var agent = new NodeAgent(client, fineTunes, settings, binder, clock, firstBackoff);
        agent.watch();
        agent.wake();
        return agent;
    }

    private void watch() {
        var any = new WakeUp<>();
        informers.add(client.batch().v1().jobs().inAnyNamespace().inform(any.typed()));
        informers.add(client.pods().inAnyNamespace().inform(any.typed()));
        informers.add(client.persistentVolumeClaims().inAnyNamespace().inform(any.typed()));
        informers.add(client.configMaps().inAnyNamespace().inform(any.typed()));
        informers.add(client.secrets().inAnyNamespace().inform(any.typed()));
        informers.add(
                client.genericKubernetesResources(fineTunes).inAnyNamespace().inform(any.typed()));
    }

    private void wake() {
        if (due.compareAndSet(false, true) && !loop.isShutdown()) {
            loop.execute(this::look);
        }
    }

    private void look() {
        due.set(false);
        try {
            Optional<Duration> again = sync();
            again.ifPresent(this::wakeAfter);
        } catch (RuntimeException e) {
            if (loop.isShutdown()) {
                return;
            }
            LOG.warn("looking again after an error", e);
            wakeAfter(AFTER_AN_ERROR);
        }
    }

    private void wakeAfter(Duration delay) {
        if (!loop.isShutdown()) {
            loop.schedule(this::wake, Math.max(1, delay.toMillis()), TimeUnit.MILLISECONDS);
        }
    }

    private Optional<Duration> sync() {
        var jobList = client.batch().v1().jobs().inAnyNamespace().list().getItems();
        List<Pod> pods = client.pods().inAnyNamespace().list().getItems();
        Optional<Duration> retry = jobs.sync(jobList, pods);
        claims.sync(client.persistentVolumeClaims().inAnyNamespace().list().getItems(), pods);
        pods.forEach(pod -> scheduler.schedule(pod, node));
        kubelet.sync(pods);
        Optional<Duration> expiry = garbage.sync();
        return java.util.stream.Stream.concat(retry.stream(), expiry.stream()).min(Duration::compareTo);
    }

    @Override
    public void close() {
        informers.forEach(SharedIndexInformer::close);
        loop.shutdownNow();
        kubelet.close();
        client.close();
    }

    /** Any event is a reason to look. */
    private final class WakeUp<T> implements ResourceEventHandler<T> {
        @SuppressWarnings("unchecked")
        <S> ResourceEventHandler<S> typed() {
            return (ResourceEventHandler<S>) this;
        }

        @Override
        public void onAdd(T added) {
            wake();
        }

        @Override
        public void onUpdate(T before, T after) {
            wake();
        }

        @Override
        public void onDelete(T deleted, boolean finalStateUnknown) {
            wake();
        }
    }
}
