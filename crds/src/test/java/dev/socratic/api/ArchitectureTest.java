package dev.socratic.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.socratic.api", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule apiKnowsNoOtherModule = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.socratic.operator..", "dev.socratic.trainer..", "dev.socratic.local..");

    @ArchTest
    static final ArchRule typesDoNotKnowTheirReader = noClasses()
            .that()
            .resideInAPackage("..v1alpha1..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..yaml..");
}
