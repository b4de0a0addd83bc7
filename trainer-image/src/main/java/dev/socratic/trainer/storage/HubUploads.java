package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What an upload asks of the hub beside the storing of large files, as {@code huggingface_hub} asks it ({@code hf_api.py},
 * {@code _commit_api.py}): make a repository, tell how each file is to come, commit.
 */
final class HubUploads {
    static final String BRANCH = "main";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JSON_TYPE = "application/json";
    private static final String CARD = "README.md";
    private static final String LINES_TYPE = "application/x-ndjson";
    /** Bytes at a file's start by which the hub tells text from what is none. */
    private static final int SAMPLE = 512;

    private final URI endpoint;
    private final HubRepository repository;
    private final HubWrites writes;

    HubUploads(URI endpoint, HubRepository repository, HubWrites writes) {
        this.endpoint = endpoint;
        this.repository = repository;
        this.writes = writes;
    }

    /** @param path in the repository */
    record NewFile(String path, Path content, long size) {
        static NewFile of(String path, Path content) throws IOException {
            return new NewFile(path, content, Files.size(content));
        }

        private String sample() throws IOException {
            try (InputStream start = Files.newInputStream(content)) {
                return Base64.getEncoder().encodeToString(start.readNBytes(SAMPLE));
            }
        }
    }

    record LargeFile(NewFile file, String sha256) {}

    enum UploadMode {
        /** In the commit itself. */
        REGULAR,
        /** Stored before, and named in the commit. */
        LFS,
        /** Not at all: the repository has a model card, which may be a person's. */
        KEPT
    }

    /** Makes the repository, unless it is there. */
    void create() {
        String[] names = repository.id().split("/");
        ObjectNode wanted = JSON.createObjectNode()
                .put("type", "model")
                .put("organization", names[0])
                .put("name", names[1])
                .put("private", true);
        writes.post(
                "make the repository " + repository.id(),
                URI.create(endpoint + "/api/repos/create"),
                JSON_TYPE,
                wanted.toString(),
                HttpURLConnection.HTTP_CONFLICT);
    }

    /** How each file is to come, by its path. */
    Map<String, UploadMode> modes(List<NewFile> files) throws IOException {
        ObjectNode asked = JSON.createObjectNode();
        ArrayNode list = asked.putArray("files");
        for (NewFile file : files) {
            list.addObject().put("path", file.path()).put("size", file.size()).put("sample", file.sample());
        }
        JsonNode answer = writes.post(
                "ask how files come to " + repository.id(), address("preupload"), JSON_TYPE, asked.toString());
        Map<String, UploadMode> modes = new HashMap<>();
        for (JsonNode file : answer.path("files")) {
            modes.put(file.path("path").asText(), mode(file));
        }
        return modes;
    }

    /** The answer names the content of a file that is there already. */
    private static UploadMode mode(JsonNode file) {
        boolean card = Path.of(file.path("path").asText()).endsWith(CARD);
        if (card && file.path("oid").isTextual()) {
            return UploadMode.KEPT;
        }
        return file.path("uploadMode").asText().equals("lfs") ? UploadMode.LFS : UploadMode.REGULAR;
    }

    /** @return id of the commit */
    String commit(String summary, List<NewFile> regular, List<LargeFile> large) throws IOException {
        StringBuilder lines = new StringBuilder();
        line(lines, "header", JSON.createObjectNode().put("summary", summary).put("description", ""));
        for (NewFile file : regular) {
            byte[] content = Files.readAllBytes(file.content());
            line(
                    lines,
                    "file",
                    JSON.createObjectNode()
                            .put("path", file.path())
                            .put("encoding", "base64")
                            .put("content", Base64.getEncoder().encodeToString(content)));
        }
        for (LargeFile file : large) {
            line(
                    lines,
                    "lfsFile",
                    JSON.createObjectNode()
                            .put("path", file.file().path())
                            .put("algo", "sha256")
                            .put("oid", file.sha256())
                            .put("size", file.file().size()));
        }
        return writes.post("commit to " + repository.id(), address("commit"), LINES_TYPE, lines.toString())
                .path("commitOid")
                .asText();
    }

    private static void line(StringBuilder lines, String key, ObjectNode value) {
        lines.append(JSON.createObjectNode().put("key", key).set("value", value).toString())
                .append('\n');
    }

    private URI address(String what) {
        return URI.create(endpoint + "/api/" + repository.type() + "/" + repository.id() + "/" + what + "/" + BRANCH);
    }
}
