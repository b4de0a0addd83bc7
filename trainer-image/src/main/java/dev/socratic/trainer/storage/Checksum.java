package dev.socratic.trainer.storage;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The content that a file must have: by sha256, by git's object id (sha1 over a header and the content), or any. */
record Checksum(Algorithm algorithm, String expected) {
    enum Algorithm {
        SHA256,
        GIT_BLOB,
        NONE
    }

    static Checksum sha256(String hex) {
        return new Checksum(Algorithm.SHA256, hex.toLowerCase(Locale.ROOT));
    }

    /** The hub's ETag is a sha256 for large files and git's object id for the others. */
    static Checksum ofEtag(String etag) {
        if (etag.matches("[0-9a-f]{64}")) {
            return sha256(etag);
        }
        return etag.matches("[0-9a-f]{40}") ? new Checksum(Algorithm.GIT_BLOB, etag) : none();
    }

    static Checksum none() {
        return new Checksum(Algorithm.NONE, "");
    }

    boolean matches(Path file) throws IOException {
        return switch (algorithm) {
            case SHA256 -> expected.equals(sha256Of(file));
            case GIT_BLOB -> expected.equals(gitBlobOf(file));
            case NONE -> true;
        };
    }

    static String sha256Of(Path file) throws IOException {
        return hex(digest("SHA-256"), file);
    }

    static String gitBlobOf(Path file) throws IOException {
        MessageDigest sha1 = digest("SHA-1");
        sha1.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
        return hex(sha1, file);
    }

    private static String hex(MessageDigest digest, Path file) throws IOException {
        byte[] buffer = new byte[1 << 20];
        try (InputStream content = Files.newInputStream(file)) {
            for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
