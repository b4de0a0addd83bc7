package dev.socratic.trainer.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A TorchScript class from the resources, loaded and ready to be called. */
public final class TorchScript implements AutoCloseable {
    private final PtSymbolBlock module;

    private TorchScript(PtSymbolBlock module) {
        this.module = module;
    }

    static TorchScript load(NDManager owner, String className) {
        return load(owner, TorchScript.class, className);
    }

    /** @param beside a class of the package that has the source {@code className.py} among its resources */
    public static TorchScript load(NDManager owner, Class<?> beside, String className) {
        try (InputStream resource = beside.getResourceAsStream(className + ".py")) {
            String source = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            byte[] archive = new TorchScriptArchive(className, source).bytes();
            return new TorchScript(
                    JniUtils.loadModule((PtNDManager) owner, new ByteArrayInputStream(archive), false, false));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the TorchScript source " + className, e);
        }
    }

    /** Calls a method that returns a tensor; the tensor belongs to {@code scope}. */
    NDArray one(NDManager scope, String method, Object... arguments) {
        return call(scope, method, arguments).get(0);
    }

    /** Calls a method that returns a list of tensors; they belong to {@code scope}. */
    public NDList call(NDManager scope, String method, Object... arguments) {
        IValue[] values = new IValue[arguments.length];
        try {
            for (int i = 0; i < arguments.length; i++) {
                values[i] = value(arguments[i]);
            }
            try (IValue result = IValueUtils.runMethod(module, method, values)) {
                return result.toNDList((PtNDManager) scope);
            }
        } finally {
            for (IValue value : values) {
                if (value != null) {
                    value.close();
                }
            }
        }
    }

    private static IValue value(Object argument) {
        if (argument instanceof NDArray array) {
            return IValue.from((PtNDArray) array);
        } else if (argument instanceof Integer number) {
            return IValue.from(number.longValue());
        } else if (argument instanceof Long number) {
            return IValue.from(number);
        } else if (argument instanceof Double number) {
            return IValue.from(number);
        } else if (argument instanceof Boolean flag) {
            return IValue.from(flag);
        } else if (argument instanceof List<?> tensors) {
            return IValue.listFrom(tensors.toArray(PtNDArray[]::new));
        }
        throw new IllegalArgumentException("no TorchScript value for " + argument);
    }

    @Override
    public void close() {
        module.close();
    }
}
