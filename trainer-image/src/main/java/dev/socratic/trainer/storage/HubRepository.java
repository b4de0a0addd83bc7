package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;
import dev.socratic.trainer.failure.Problem;
import java.util.List;
import java.util.regex.Pattern;

/**
 * {@code hf://OWNER/NAME[/PATH]} or {@code hf://datasets/OWNER/NAME[/PATH]}.
 *
 * @param type {@code models} or {@code datasets}, as in the hub's API and in the cache's folder names
 * @param id {@code owner/name}
 * @param path inside the repository, without slashes at its ends; empty for the whole
 */
record HubRepository(String type, String id, String path) {
    static final String MODELS = "models";
    private static final String DATASETS = "datasets";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,96}");

    /** @param field that the URI stands in, for messages */
    static HubRepository parse(StorageUri uri, String field) {
        List<String> segments = uri.segments();
        boolean dataset = segments.size() > 0 && segments.get(0).equals(DATASETS);
        List<String> names = dataset ? segments.subList(1, segments.size()) : segments;
        if (names.size() < 2
                || names.contains("..")
                || !names.subList(0, 2).stream().allMatch(NAME.asMatchPredicate())) {
            throw Problem.of(FailureReason.InvalidConfiguration, "is no repository of the hub")
                    .where(field)
                    .found(uri)
                    .allowed("hf://OWNER/NAME[/PATH] or hf://datasets/OWNER/NAME[/PATH]")
                    .remedy("a branch, tag or commit goes to spec.model.revision")
                    .failure();
        }
        return new HubRepository(
                dataset ? DATASETS : MODELS,
                names.get(0) + "/" + names.get(1),
                String.join("/", names.subList(2, names.size())));
    }

    /** Folder of the repository in the shared cache, such as {@code models--google--gemma-2-2b-jpn-it}. */
    String cacheFolder() {
        return type + "--" + id.replace("/", "--");
    }

    /** Path of the repository's page under the endpoint; files are at {@code PAGE/resolve/COMMIT/PATH}. */
    String page() {
        return type.equals(DATASETS) ? DATASETS + "/" + id : id;
    }
}
