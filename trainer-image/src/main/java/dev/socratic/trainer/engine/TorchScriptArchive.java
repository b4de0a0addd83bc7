package dev.socratic.trainer.engine;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript module without parameters, in the file format that {@code torch.jit.load} reads: a zip of stored
 * entries with the module's state as a pickle, its constants, the format's version and the source of its class.
 * Whatever ATen operator the source names is then callable from Java.
 *
 * @param className the class that the source defines
 * @param source the class in TorchScript's serialized dialect
 */
record TorchScriptArchive(String className, String source) {
    /** Operators are meant as of libtorch 1.12 and later; older versions would be rewritten on loading. */
    private static final String FORMAT_VERSION = "10\n";

    byte[] bytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "data.pkl", state());
            store(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
            store(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.US_ASCII));
            store(zip, "code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Pickle, protocol 2: an object of the class, made without arguments, whose state is {training: True}. */
    private byte[] state() {
        String pickle = "\u0080\u0002c__torch__\n" + className + "\n)\u0081}(X\u0008\0\0\0training\u0088ub.";
        return pickle.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(className + "/" + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCompressedSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
