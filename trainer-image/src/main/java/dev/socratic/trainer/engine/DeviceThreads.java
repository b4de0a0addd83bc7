package dev.socratic.trainer.engine;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A thread for each of several devices. Work is launched on a GPU by the host, and at small batches the launches take
 * longer than the work: one thread would keep one GPU busy, not two.
 */
public final class DeviceThreads implements AutoCloseable {
    private final Map<String, ExecutorService> threads = new LinkedHashMap<>();

    public DeviceThreads(Collection<String> devices) {
        for (String device : devices) {
            threads.computeIfAbsent(
                    device, id -> Executors.newSingleThreadExecutor(task -> thread(task, "device-" + id)));
        }
    }

    /** TorchScript runs as it was written only where each thread says so. */
    private static Thread thread(Runnable task, String name) {
        Runnable prepared = () -> {
            JniUtils.setGraphExecutorOptimize(false);
            task.run();
        };
        Thread thread = new Thread(prepared, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Runs each device's work on its thread and returns when all of it has ended, well or not. The first device's failure is
     * thrown; work that waits for other work must see to it that it ends when that fails.
     */
    public void run(Map<String, Runnable> work) {
        List<Future<?>> running = new ArrayList<>();
        work.forEach((device, task) -> running.add(threads.get(device).submit(task)));
        Throwable failure = null;
        for (Future<?> task : running) {
            try {
                task.get();
            } catch (ExecutionException e) {
                failure = failure == null ? e.getCause() : failure;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure = failure == null ? e : failure;
            }
        }
        rethrow(failure);
    }

    private static void rethrow(Throwable failure) {
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw new IllegalStateException("the wait for the devices' threads was interrupted", failure);
        }
    }

    @Override
    public void close() {
        threads.values().forEach(ExecutorService::shutdown);
    }
}
