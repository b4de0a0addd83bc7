package dev.socratic.trainer.storage;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A hub in the small: the revision, tree and resolve requests with the headers of the real one. Files named {@code
 * *.safetensors} are large files and live on a second host, the content network, to which resolve redirects.
 */
final class HubServer implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the content of one request is made to suffer. */
    enum Fault {
        CUT_IN_HALF,
        ALTERED,
        BUSY
    }

    record Request(String host, String method, String path, String authorization, String range) {
        boolean isContent() {
            return method.equals("GET") && !path.startsWith("/api/");
        }
    }

    private record Refusal(int status, String code) {}

    private final Map<String, byte[]> files = new TreeMap<>();
    private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
    private final Map<String, Refusal> refusals = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HubUploadServer uploads;
    private final HttpServer hub;
    private final HttpServer content;
    private final String repository;

    HubServer(String repository, Map<String, byte[]> files) throws IOException {
        this.repository = repository;
        this.files.putAll(files);
        this.uploads = new HubUploadServer(repository, this.files);
        hub = start("127.0.0.1", this::answerHub);
        content = start("127.0.0.2", this::answerContent);
    }

    private HttpServer start(String host, com.sun.net.httpserver.HttpHandler handler) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(host), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            try (exchange) {
                requests.add(new Request(
                        host,
                        exchange.getRequestMethod(),
                        exchange.getRequestURI().getPath(),
                        exchange.getRequestHeaders().getFirst("Authorization"),
                        exchange.getRequestHeaders().getFirst("Range")));
                handler.handle(exchange);
            }
        });
        server.start();
        return server;
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
    }

    List<Request> requests() {
        return requests;
    }

    List<Request> contentRequests() {
        return requests.stream().filter(Request::isContent).toList();
    }

    /** The next answers with the content of {@code path} suffer these, one each. */
    void suffer(String path, Fault... next) {
        faults.put(path, new ArrayDeque<>(List.of(next)));
    }

    /** Every request that starts with {@code prefix} is refused. */
    void refuse(String prefix, int status, String code) {
        refusals.put(prefix, new Refusal(status, code));
    }

    /** What was committed and stored since the start. */
    HubUploadServer uploads() {
        return uploads;
    }

    private void answerHub(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        for (Map.Entry<String, Refusal> refusal : refusals.entrySet()) {
            if (path.startsWith(refusal.getKey())) {
                refuse(exchange, refusal.getValue());
                return;
            }
        }
        if (uploads.answered(exchange, contentAddress())) {
            return;
        }
        String api = "/api/models/" + repository;
        String resolve = "/" + repository + "/resolve/" + COMMIT + "/";
        if (path.equals(api) || path.equals(api + "/revision/main") || path.equals(api + "/revision/" + COMMIT)) {
            answer(exchange, 200, JSON.writeValueAsBytes(info()));
        } else if (path.startsWith(api + "/tree/")) {
            answer(exchange, 200, JSON.writeValueAsBytes(tree()));
        } else if (path.startsWith(api + "/revision/")) {
            refuse(exchange, new Refusal(404, "RevisionNotFound"));
        } else if (path.startsWith(resolve)) {
            answerFile(exchange, path.substring(resolve.length()));
        } else {
            refuse(exchange, new Refusal(401, "RepoNotFound"));
        }
    }

    private void answerFile(HttpExchange exchange, String file) throws IOException {
        byte[] bytes = files.get(file);
        if (bytes == null) {
            refuse(exchange, new Refusal(404, "EntryNotFound"));
            return;
        }
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        if (isLarge(file)) {
            exchange.getResponseHeaders().set("X-Linked-Size", String.valueOf(bytes.length));
            exchange.getResponseHeaders().set("X-Linked-Etag", '"' + sha256(bytes) + '"');
            exchange.getResponseHeaders().set("Location", contentAddress() + "/blob/" + file + "?sig=1");
            answer(exchange, 302, "Found".getBytes(StandardCharsets.US_ASCII));
        } else {
            exchange.getResponseHeaders().set("ETag", '"' + gitBlob(bytes) + '"');
            send(exchange, file, bytes);
        }
    }

    private String contentAddress() {
        return "http://127.0.0.2:" + content.getAddress().getPort();
    }

    private void answerContent(HttpExchange exchange) throws IOException {
        if (exchange.getRequestMethod().equals("PUT")) {
            uploads.stored(exchange);
            return;
        }
        String file = exchange.getRequestURI().getPath().substring("/blob/".length());
        send(exchange, file, files.get(file));
    }

    private void send(HttpExchange exchange, String file, byte[] whole) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int start = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-.*", "$1"));
        if (start > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + start + "-" + (whole.length - 1) + "/" + whole.length);
        }
        int status = start > 0 ? 206 : 200;
        byte[] body = java.util.Arrays.copyOfRange(whole, start, whole.length);
        Fault fault = exchange.getRequestMethod().equals("GET") && faults.containsKey(file)
                ? faults.get(file).poll()
                : null;
        if (fault == Fault.BUSY) {
            exchange.getResponseHeaders().set("Retry-After", "0");
            answer(exchange, 503, new byte[0]);
        } else if (fault == Fault.CUT_IN_HALF) {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body, 0, body.length / 2);
            exchange.getResponseBody().flush();
        } else {
            if (fault == Fault.ALTERED) {
                body[body.length / 2] ^= 1;
            }
            answer(exchange, status, body);
        }
    }

    private static void refuse(HttpExchange exchange, Refusal refusal) throws IOException {
        if (refusal.code() != null) {
            exchange.getResponseHeaders().set("X-Error-Code", refusal.code());
        }
        answer(exchange, refusal.status(), "{}".getBytes(StandardCharsets.US_ASCII));
    }

    static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private ObjectNode info() {
        ObjectNode info = JSON.createObjectNode().put("id", repository).put("sha", COMMIT);
        ArrayNode siblings = info.putArray("siblings");
        files.keySet().forEach(path -> siblings.addObject().put("rfilename", path));
        return info;
    }

    private ArrayNode tree() {
        ArrayNode tree = JSON.createArrayNode();
        files.forEach((path, bytes) -> {
            ObjectNode entry = tree.addObject()
                    .put("type", "file")
                    .put("path", path)
                    .put("size", bytes.length)
                    .put("oid", gitBlob(bytes));
            if (isLarge(path)) {
                entry.putObject("lfs")
                        .put("oid", sha256(bytes))
                        .put("size", bytes.length)
                        .put("pointerSize", 130);
            }
        });
        return tree;
    }

    static boolean isLarge(String file) {
        return file.endsWith(".safetensors");
    }

    static String sha256(byte[] bytes) {
        return digest("SHA-256", bytes);
    }

    private static String gitBlob(byte[] bytes) {
        byte[] header = ("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] object = java.util.Arrays.copyOf(header, header.length + bytes.length);
        System.arraycopy(bytes, 0, object, header.length, bytes.length);
        return digest("SHA-1", object);
    }

    private static String digest(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        content.stop(0);
        threads.shutdownNow();
    }
}
