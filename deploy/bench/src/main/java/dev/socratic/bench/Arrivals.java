package dev.socratic.bench;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.AnyNamespaceOperation;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Waits until a number of objects has got somewhere. */
final class Arrivals<T extends HasMetadata> implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private final SharedIndexInformer<T> informer;
    private final CountDownLatch missing;
    private final int count;
    private final long begin = System.nanoTime();
    private volatile long end;

    /** Counts from now on; each object once. */
    Arrivals(AnyNamespaceOperation<T, ?, ?> objects, int count, Predicate<T> there) {
        this.count = count;
        this.missing = new CountDownLatch(count);
        Set<String> arrived = ConcurrentHashMap.newKeySet();
        this.informer = objects.inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T object) {
                if (there.test(object) && arrived.add(object.getMetadata().getUid())) {
                    end = System.nanoTime();
                    missing.countDown();
                }
            }

            @Override
            public void onUpdate(T before, T now) {
                onAdd(now);
            }

            @Override
            public void onDelete(T object, boolean lastStateUnknown) {
                // what arrived stays arrived
            }
        });
    }

    /** Time from the beginning of the count to the last arrival. */
    Duration await() throws InterruptedException {
        if (!missing.await(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException(
                    "%d of %d did not arrive in %s".formatted(missing.getCount(), count, LONGEST));
        }
        return Duration.ofNanos(end - begin);
    }

    @Override
    public void close() {
        informer.close();
    }
}
