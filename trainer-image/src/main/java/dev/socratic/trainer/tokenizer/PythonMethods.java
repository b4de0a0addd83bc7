package dev.socratic.trainer.tokenizer;

import com.hubspot.jinjava.objects.collections.PyList;
import java.beans.FeatureDescriptor;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELResolver;

/** Gives strings and dicts in a template the methods they have in Python; jinjava would look for Java's. */
final class PythonMethods extends ELResolver {
    private static final Pattern INDEX = Pattern.compile("-?\\d{1,9}");

    @Override
    public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] parameters) {
        List<Object> arguments = parameters == null ? List.of() : Arrays.asList(parameters);
        if (base instanceof String text) {
            Object result = PythonString.call(text, method.toString(), arguments);
            context.setPropertyResolved(true);
            return result instanceof List<?> parts ? new PyList(List.copyOf(parts)) : result;
        }
        if (base instanceof Map<?, ?> map && method.equals("get")) {
            context.setPropertyResolved(true);
            Object value = map.get(arguments.get(0));
            return value == null && arguments.size() > 1 ? arguments.get(1) : value;
        }
        return null;
    }

    /** {@code text[0]} and {@code text[-1]}. */
    @Override
    public Object getValue(ELContext context, Object base, Object property) {
        if (base instanceof String text
                && INDEX.matcher(String.valueOf(property)).matches()) {
            context.setPropertyResolved(true);
            int[] characters = text.codePoints().toArray();
            int index = Integer.parseInt(property.toString());
            int place = index < 0 ? characters.length + index : index;
            return place >= 0 && place < characters.length ? Character.toString(characters[place]) : null;
        }
        return null;
    }

    @Override
    public Class<?> getType(ELContext context, Object base, Object property) {
        return null;
    }

    @Override
    public void setValue(ELContext context, Object base, Object property, Object value) {
        // templates never assign to a property of a string or dict
    }

    @Override
    public boolean isReadOnly(ELContext context, Object base, Object property) {
        return true;
    }

    @Override
    public Iterator<FeatureDescriptor> getFeatureDescriptors(ELContext context, Object base) {
        return Collections.emptyIterator();
    }

    @Override
    public Class<?> getCommonPropertyType(ELContext context, Object base) {
        return null;
    }
}
