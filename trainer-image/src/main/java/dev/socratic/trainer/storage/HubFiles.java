package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.TrainerFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code hf://}: resolves the revision to a commit, then brings the needed files of that commit into the shared cache.
 * With the cache warm that is one request.
 */
final class HubFiles implements Scheme {
    private static final Logger LOG = LoggerFactory.getLogger(HubFiles.class);
    private static final int PARALLEL_DOWNLOADS = 4;

    private final StorageSettings settings;
    private final FileLocks locks;

    HubFiles(StorageSettings settings, FileLocks locks) {
        this.settings = settings;
        this.locks = locks;
    }

    @Override
    public ResolvedInput resolve(StorageUri uri, InputOptions options) {
        HubRepository repository = HubRepository.parse(uri, options.kind().field());
        HubClient hub = new HubClient(settings, options.kind());
        HubClient.Listing listing = hub.list(repository, options.revision());
        HubCache cache = new HubCache(settings.hubCache(), repository, locks);
        Fetch fetch = new Fetch(hub, cache, repository, listing.commit());
        NeededFiles needed = new NeededFiles(repository, listing.paths(), options.kind());
        try {
            List<String> first = needed.first();
            fetch.all(first);
            if (needed.index() != null) {
                fetch.all(needed.shards(fetch.path(needed.index())));
            }
            cache.rememberRevision(options.revision(), listing.commit());
            Path result = fetch.path(options.kind().isSingleFile() ? first.get(0) : repository.path());
            return new ResolvedInput(result, Optional.of(listing.commit()));
        } catch (IOException unwritable) {
            throw UnwritableFolder.of("SOCRATIC_CACHE", settings.hubCache(), unwritable);
        }
    }

    @Override
    public Optional<OutputPlace> output(StorageUri uri) {
        HubOutput output = new HubOutput(settings, uri);
        return Optional.of(new OutputPlace(output.folder(), output));
    }

    private static Thread daemon(Runnable download) {
        Thread thread = new Thread(download, "download");
        thread.setDaemon(true);
        return thread;
    }

    /** The downloads of one commit. */
    private final class Fetch {
        private final HubClient hub;
        private final HubCache cache;
        private final HubRepository repository;
        private final String commit;

        private Fetch(HubClient hub, HubCache cache, HubRepository repository, String commit) {
            this.hub = hub;
            this.cache = cache;
            this.repository = repository;
            this.commit = commit;
        }

        private Path path(String inRepository) {
            return cache.snapshot(commit).resolve(inRepository);
        }

        /** The first failure ends the others. */
        private void all(List<String> paths) throws IOException {
            List<String> lacking =
                    paths.stream().filter(path -> !cache.has(commit, path)).toList();
            if (lacking.isEmpty()) {
                return;
            }
            ExecutorService pool =
                    Executors.newFixedThreadPool(Math.min(PARALLEL_DOWNLOADS, lacking.size()), HubFiles::daemon);
            try {
                List<Future<?>> downloads = new ArrayList<>();
                for (String path : lacking) {
                    downloads.add(pool.submit(() -> {
                        one(path);
                        return null;
                    }));
                }
                for (Future<?> download : downloads) {
                    download.get();
                }
            } catch (ExecutionException failed) {
                throw unwrapped(failed);
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
                throw RetryPolicy.interrupted("download " + repository.id());
            } finally {
                pool.shutdownNow();
            }
        }

        private void one(String path) throws IOException, InterruptedException {
            HubFile file = hub.describe(repository, commit, path);
            try (FileLocks.Lock lock = cache.lock(file)) {
                Path blob = cache.blob(file);
                if (!Files.exists(blob)) {
                    LOG.info("Downloading {} of {} ({} bytes)", path, repository.id(), file.size());
                    new Download(
                                    path + " of " + repository.id(),
                                    cache.partial(file),
                                    file.size(),
                                    Checksum.ofEtag(file.etag()),
                                    offset -> hub.open(repository, commit, path, offset))
                            .to(blob, settings.retry());
                }
                cache.link(commit, file);
            }
        }

        private RuntimeException unwrapped(ExecutionException failed) throws IOException {
            if (failed.getCause() instanceof TrainerFailure known) {
                return known;
            }
            if (failed.getCause() instanceof IOException disk) {
                throw disk;
            }
            return new IllegalStateException(failed.getCause());
        }
    }
}
