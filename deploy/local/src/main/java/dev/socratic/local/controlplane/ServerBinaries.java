package dev.socratic.local.controlplane;

import io.fabric8.kubeapitest.binary.BinaryDownloader;
import io.fabric8.kubeapitest.binary.OSInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Finds the folder with {@code etcd}, {@code kube-apiserver} and {@code kubectl}.
 *
 * <p>Looked at in this order: {@code KUBEBUILDER_ASSETS}, then fabric8's {@code ~/.kubeapitest/k8s/VERSION-OS-ARCH}
 * (the newest first), then a download by fabric8 into the same folder. Without a network the download is given up
 * after {@link #INDEX_DEADLINE}.
 */
final class ServerBinaries {
    static final Duration INDEX_DEADLINE = Duration.ofSeconds(4);
    static final Duration DOWNLOAD_DEADLINE = Duration.ofMinutes(5);
    private static final String WANTED = "1.34.*";
    private static final List<String> NAMES = List.of("etcd", "kube-apiserver", "kubectl");

    private final Optional<Path> assets;
    private final Path store;

    /**
     * @param assets the folder named by {@code KUBEBUILDER_ASSETS}
     * @param store fabric8's folder, {@code ~/.kubeapitest}
     */
    ServerBinaries(Optional<Path> assets, Path store) {
        this.assets = assets;
        this.store = store;
    }

    static ServerBinaries ofThisMachine() {
        return new ServerBinaries(
                Optional.ofNullable(System.getenv("KUBEBUILDER_ASSETS"))
                        .filter(value -> !value.isBlank())
                        .map(Path::of),
                Path.of(System.getProperty("user.home"), ".kubeapitest"));
    }

    Optional<Path> installed() {
        return assets.filter(ServerBinaries::complete).or(this::newestInStore);
    }

    /** Downloads what is missing; empty when there is no network, or none that answers in time. */
    Optional<Path> download() {
        var downloader = new BinaryDownloader(store.toString(), new OSInfo());
        return within(INDEX_DEADLINE, () -> downloader.findLatestOfWildcard(WANTED))
                .flatMap(version -> within(DOWNLOAD_DEADLINE, () -> downloader.download(version)))
                .map(java.io.File::toPath)
                .filter(ServerBinaries::complete);
    }

    private Optional<Path> newestInStore() {
        Path versions = store.resolve("k8s");
        if (!Files.isDirectory(versions)) {
            return Optional.empty();
        }
        var os = new OSInfo();
        String platform = "-" + os.getOSName() + "-" + os.getOSArch();
        try (Stream<Path> folders = Files.list(versions)) {
            return folders.filter(folder -> folder.getFileName().toString().endsWith(platform))
                    .filter(ServerBinaries::complete)
                    .max(Comparator.comparing(
                            folder -> version(folder.getFileName().toString()), Arrays::compare));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static int[] version(String folder) {
        return Stream.of(folder.split("-")[0].split("\\."))
                .mapToInt(part -> part.matches("\\d{1,9}") ? Integer.parseInt(part) : 0)
                .toArray();
    }

    private static boolean complete(Path folder) {
        return NAMES.stream().allMatch(name -> Files.isExecutable(folder.resolve(name)));
    }

    /** The work goes on in a daemon thread after the deadline: its sockets have no timeouts of their own. */
    private static <T> Optional<T> within(Duration deadline, Supplier<T> work) {
        var result = new CompletableFuture<T>();
        var thread = new Thread(
                () -> {
                    try {
                        result.complete(work.get());
                    } catch (RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                },
                "control-plane-download");
        thread.setDaemon(true);
        thread.start();
        try {
            return Optional.ofNullable(result.get(deadline.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
