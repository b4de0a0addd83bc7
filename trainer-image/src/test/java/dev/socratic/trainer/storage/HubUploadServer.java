package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The half of a hub that takes files: make, preupload, Git LFS's batch with parts, commit. */
final class HubUploadServer {
    /** Contents above this come in parts of this. */
    static final int PART = 100_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final String repository;
    private final Map<String, byte[]> files;
    private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
    private final Map<String, TreeMap<Integer, byte[]>> parts = new ConcurrentHashMap<>();
    private final List<List<String>> commits = new CopyOnWriteArrayList<>();
    private final List<String> made = new CopyOnWriteArrayList<>();

    HubUploadServer(String repository, Map<String, byte[]> files) {
        this.repository = repository;
        this.files = files;
    }

    /** The paths of each commit. */
    List<List<String>> commits() {
        return commits;
    }

    /** What repositories were asked for, as owner/name and how visible. */
    List<String> made() {
        return made;
    }

    boolean answered(HttpExchange exchange, String contentAddress) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            return false;
        }
        String path = exchange.getRequestURI().getPath();
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (path.equals("/api/repos/create")) {
            made(exchange, JSON.readTree(body));
        } else if (path.equals("/api/models/" + repository + "/preupload/main")) {
            answer(exchange, modes(JSON.readTree(body)));
        } else if (path.equals("/" + repository + ".git/info/lfs/objects/batch")) {
            answer(exchange, batch(exchange, JSON.readTree(body), contentAddress));
        } else if (path.startsWith("/complete/")) {
            complete(path.substring("/complete/".length()), JSON.readTree(body));
            answer(exchange, JSON.createObjectNode());
        } else if (path.equals("/api/models/" + repository + "/commit/main")) {
            commit(new String(body, StandardCharsets.UTF_8));
            answer(
                    exchange,
                    JSON.createObjectNode()
                            .put("success", true)
                            .put("commitOid", HubServer.COMMIT)
                            .put("commitUrl", address(exchange) + "/" + repository + "/commit/" + HubServer.COMMIT));
        } else {
            return false;
        }
        return true;
    }

    /** {@code PUT /lfs/OID} or {@code PUT /lfs/OID/PART}. */
    void stored(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/");
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (path.length == 3) {
            keep(path[2], body);
        } else {
            parts.computeIfAbsent(path[2], oid -> new TreeMap<>()).put(Integer.parseInt(path[3]), body);
        }
        exchange.getResponseHeaders().set("ETag", '"' + HubServer.sha256(body).substring(0, 8) + '"');
        HubServer.answer(exchange, 200, new byte[0]);
    }

    private void made(HttpExchange exchange, JsonNode asked) throws IOException {
        String name =
                asked.path("organization").asText() + "/" + asked.path("name").asText();
        made.add(name + (asked.path("private").asBoolean() ? " private" : " public"));
        ObjectNode answer = JSON.createObjectNode()
                .put("url", address(exchange) + "/" + name)
                .put("id", "1");
        HubServer.answer(exchange, made.size() > 1 ? 409 : 200, JSON.writeValueAsBytes(answer));
    }

    private ObjectNode modes(JsonNode asked) {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode list = answer.putArray("files");
        asked.path("files")
                .forEach(file -> list.addObject()
                        .put("path", file.path("path").asText())
                        .put("oid", files.containsKey(file.path("path").asText()) ? "0123" : null)
                        .put("uploadMode", HubServer.isLarge(file.path("path").asText()) ? "lfs" : "regular")
                        .put("shouldIgnore", false));
        return answer;
    }

    private ObjectNode batch(HttpExchange exchange, JsonNode asked, String contentAddress) {
        ObjectNode answer = JSON.createObjectNode().put("transfer", "basic");
        ArrayNode objects = answer.putArray("objects");
        for (JsonNode wanted : asked.path("objects")) {
            String oid = wanted.path("oid").asText();
            int size = wanted.path("size").asInt();
            ObjectNode object = objects.addObject().put("oid", oid).put("size", size);
            if (blobs.containsKey(oid)) {
                continue;
            }
            ObjectNode upload = object.putObject("actions").putObject("upload");
            if (size <= PART) {
                upload.put("href", contentAddress + "/lfs/" + oid);
            } else {
                upload.put("href", address(exchange) + "/complete/" + oid);
                ObjectNode header = upload.putObject("header").put("chunk_size", String.valueOf(PART));
                for (int part = 1; (part - 1) * PART < size; part++) {
                    header.put(String.format("%05d", part), contentAddress + "/lfs/" + oid + "/" + part);
                }
            }
        }
        return answer;
    }

    private void complete(String oid, JsonNode asked) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (JsonNode part : asked.path("parts")) {
            byte[] body = parts.get(oid).get(part.path("partNumber").asInt());
            if (!part.path("etag").asText().equals('"' + HubServer.sha256(body).substring(0, 8) + '"')) {
                throw new IOException("wrong ETag of a part");
            }
            whole.write(body);
        }
        keep(oid, whole.toByteArray());
    }

    private void keep(String oid, byte[] content) throws IOException {
        if (!HubServer.sha256(content).equals(oid)) {
            throw new IOException("the content is another one");
        }
        blobs.put(oid, content);
    }

    private void commit(String lines) throws IOException {
        List<String> paths = new ArrayList<>();
        for (String line : lines.strip().split("\n")) {
            JsonNode value = JSON.readTree(line).path("value");
            String path = value.path("path").asText();
            switch (JSON.readTree(line).path("key").asText()) {
                case "file" ->
                    files.put(
                            path,
                            Base64.getDecoder().decode(value.path("content").asText()));
                case "lfsFile" -> files.put(path, blobs.get(value.path("oid").asText()));
                default -> {
                    continue;
                }
            }
            paths.add(path);
        }
        commits.add(paths);
    }

    private static String address(HttpExchange exchange) {
        return "http://" + exchange.getRequestHeaders().getFirst("Host");
    }

    private static void answer(HttpExchange exchange, JsonNode body) throws IOException {
        HubServer.answer(exchange, 200, JSON.writeValueAsBytes(body));
    }
}
