package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.socratic.trainer.storage.Http.Content;
import dev.socratic.trainer.storage.HubUploads.LargeFile;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Stores large files at the hub by Git LFS's batch interface, with the hub's own transfer in parts, as
 * {@code huggingface_hub}'s {@code lfs.py} does.
 */
final class LfsUploads {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String LFS_TYPE = "application/vnd.git-lfs+json";

    private final URI batch;
    private final HubWrites writes;

    LfsUploads(URI endpoint, HubRepository repository, HubWrites writes) {
        this.batch = URI.create(endpoint + "/" + repository.page() + ".git/info/lfs/objects/batch");
        this.writes = writes;
    }

    /** Stores the contents that the hub lacks. */
    void store(List<LargeFile> files) {
        if (files.isEmpty()) {
            return;
        }
        Map<String, JsonNode> actions = new HashMap<>();
        for (JsonNode object :
                writes.post("start an upload", batch, LFS_TYPE, request(files)).path("objects")) {
            if (object.has("error")) {
                throw writes.refused(object.at("/error/message").asText());
            }
            actions.put(object.path("oid").asText(), object.path("actions"));
        }
        for (LargeFile file : files) {
            JsonNode todo = actions.getOrDefault(file.sha256(), MissingNode.getInstance());
            if (todo.has("upload")) {
                store(file, todo.get("upload"));
            }
            if (todo.has("verify")) {
                writes.post(
                        "verify " + file.file().path(),
                        address(todo.get("verify")),
                        LFS_TYPE,
                        described(file).toString());
            }
        }
    }

    private static String request(List<LargeFile> files) {
        ObjectNode wanted = JSON.createObjectNode().put("operation", "upload").put("hash_algo", "sha256");
        wanted.putArray("transfers").add("basic").add("multipart");
        wanted.putObject("ref").put("name", HubUploads.BRANCH);
        ArrayNode objects = wanted.putArray("objects");
        files.forEach(file -> objects.add(described(file)));
        return wanted.toString();
    }

    private static ObjectNode described(LargeFile file) {
        return JSON.createObjectNode()
                .put("oid", file.sha256())
                .put("size", file.file().size());
    }

    /** In one piece, or in parts of the size that the hub names, whose addresses are the numbered headers. */
    private void store(LargeFile file, JsonNode upload) {
        long size = file.file().size();
        long part = upload.at("/header/chunk_size").asLong(0);
        if (part == 0) {
            put(file, address(upload), 0, size);
            return;
        }
        Map<Integer, URI> addresses = addresses(upload.path("header"));
        ObjectNode complete = JSON.createObjectNode().put("oid", file.sha256());
        ArrayNode parts = complete.putArray("parts");
        for (int number = 1; (number - 1) * part < size; number++) {
            if (!addresses.containsKey(number)) {
                throw writes.refused(
                        "no address for part " + number + " of " + file.file().path());
            }
            long from = (number - 1) * part;
            String etag = put(file, addresses.get(number), from, Math.min(part, size - from));
            parts.addObject().put("partNumber", number).put("etag", etag);
        }
        writes.post("complete " + file.file().path(), address(upload), LFS_TYPE, complete.toString());
    }

    private static Map<Integer, URI> addresses(JsonNode header) {
        Map<Integer, URI> addresses = new HashMap<>();
        header.properties().forEach(field -> {
            if (field.getKey().matches("\\d{1,9}")) {
                addresses.put(
                        Integer.parseInt(field.getKey()),
                        URI.create(field.getValue().asText()));
            }
        });
        return addresses;
    }

    private String put(LargeFile file, URI address, long from, long length) {
        Content content = Content.of(file.file().content(), from, length);
        return writes.put("upload " + file.file().path(), address, content);
    }

    private static URI address(JsonNode action) {
        return URI.create(action.path("href").asText());
    }
}
