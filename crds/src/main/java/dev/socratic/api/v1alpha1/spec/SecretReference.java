package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** A secret of the same namespace. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SecretReference(
        @JsonPropertyDescription("Name of the Secret in the namespace of this resource.")
        @Required
        @Size(min = 1, max = ObjectName.LONGEST)
        @ValidationRule(value = ObjectName.RULE, messageExpression = ObjectName.MESSAGE)
        String name) {}
