package dev.socratic.trainer.cuda;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/** Compiles CUDA C for a device, once: results are kept in a folder by source, options and architecture. */
final class Nvrtc {
    private final Path cache;

    Nvrtc(Path cache) {
        this.cache = cache;
    }

    /**
     * @param files resources of this package, which are read one after the other
     * @return machine code that the driver loads
     */
    byte[] compile(List<String> files, int architecture, List<String> definitions) {
        String source = files.stream().map(Nvrtc::text).collect(Collectors.joining());
        List<String> all = new ArrayList<>(List.of("--gpu-architecture=sm_" + architecture, "--std=c++17"));
        all.addAll(definitions);
        String[] options = all.toArray(String[]::new);
        Path kept = cache.resolve(digest(String.join(" ", options) + source) + ".cubin");
        try {
            if (Files.isReadable(kept)) {
                return Files.readAllBytes(kept);
            }
        } catch (IOException unreadable) {
            // it is compiled again
        }
        byte[] image = compile(source, options);
        keep(kept, image);
        return image;
    }

    private static String text(String file) {
        try (InputStream resource = Nvrtc.class.getResourceAsStream(file)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the kernels " + file, e);
        }
    }

    /** A folder that cannot be written costs a second at each start, no more. */
    private void keep(Path file, byte[] image) {
        try {
            Files.createDirectories(cache);
            Path part = Files.createTempFile(cache, "kernels", ".part");
            Files.write(part, image);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException unwritable) {
            return;
        }
    }

    private static byte[] compile(String source, String[] options) {
        NativeLibrary nvrtc = SystemLibrary.open("libnvrtc");
        PointerByReference created = new PointerByReference();
        call(nvrtc, "nvrtcCreateProgram", created, source, "kernels.cu", 0, null, null);
        Pointer program = created.getValue();
        try {
            Object[] arguments = {program, options.length, options};
            if (nvrtc.getFunction("nvrtcCompileProgram").invokeInt(arguments) != 0) {
                throw new CudaUnavailable("the kernels do not compile: "
                        + new String(read(nvrtc, program, "nvrtcGetProgramLog"), StandardCharsets.UTF_8).strip());
            }
            return read(nvrtc, program, "nvrtcGetCUBIN");
        } finally {
            nvrtc.getFunction("nvrtcDestroyProgram").invokeInt(new Object[] {created});
        }
    }

    private static byte[] read(NativeLibrary nvrtc, Pointer program, String what) {
        LongByReference size = new LongByReference();
        call(nvrtc, what + "Size", program, size);
        try (Memory content = new Memory(Math.max(1, size.getValue()))) {
            call(nvrtc, what, program, content);
            return content.getByteArray(0, (int) size.getValue());
        }
    }

    private static void call(NativeLibrary nvrtc, String function, Object... arguments) {
        int error = nvrtc.getFunction(function).invokeInt(arguments);
        if (error != 0) {
            throw new CudaUnavailable(function + " failed with NVRTC error " + error);
        }
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
