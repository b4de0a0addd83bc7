package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import dev.socratic.trainer.failure.TrainerFailure;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes what a URI names available as local files, and takes results to where a URI says. A failure is a {@link
 * TrainerFailure} that names the field: not found, not allowed, not writable, or worth another attempt.
 */
public final class Storage {
    static final String OUTPUT_FIELD = "spec.output.uri";

    private final Map<String, Scheme> schemes;
    private final FileLocks locks = new FileLocks();
    private final Optional<String> resource;

    public Storage(StorageSettings settings) {
        resource = settings.resource();
        schemes = new TreeMap<>(Map.of(
                "hf", new HubFiles(settings, locks),
                "https", new HttpsInput(settings, locks),
                "pvc", new ClaimFolders(settings.claims()),
                "configmap", new ConfigMapFiles(settings.configMaps()),
                "file", new LocalFiles()));
    }

    /** Blocks until the input is on local disk and checked; downloads what the cache lacks. */
    public ResolvedInput resolve(String uri, InputOptions options) {
        StorageUri parsed = StorageUri.parse(uri, options.kind().field());
        Scheme scheme = schemes.get(parsed.scheme());
        if (scheme == null) {
            throw unknownScheme(options.kind().field(), uri, String.join("://, ", schemes.keySet()) + "://");
        }
        return scheme.resolve(parsed, options);
    }

    /** The folder that the run's results go to. Touches nothing yet: see {@link OutputFolder#checkWritable}. */
    public OutputFolder output(String uri) {
        StorageUri parsed = StorageUri.parse(uri, OUTPUT_FIELD);
        Scheme scheme = schemes.get(parsed.scheme());
        OutputPlace place = Optional.ofNullable(scheme)
                .flatMap(known -> known.output(parsed))
                .orElseThrow(() -> unknownScheme(OUTPUT_FIELD, uri, "pvc://CLAIM/PATH, hf://OWNER/NAME, file:///PATH"));
        return new OutputFolder(uri, place, new Ownership(place.folder(), locks, resource));
    }

    private static TrainerFailure unknownScheme(String field, String uri, String working) {
        return Problem.of(FailureReason.InvalidConfiguration, "this release cannot use this kind of storage here")
                .where(field)
                .found(uri)
                .allowed(working)
                .remedy("use one of these; from a PersistentVolumeClaim the files can be copied anywhere")
                .failure();
    }
}
