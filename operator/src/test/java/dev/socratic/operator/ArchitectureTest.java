package dev.socratic.operator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;
import java.time.Instant;

@AnalyzeClasses(packages = "dev.socratic", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule observeThenDecideThenApplyThenReport = Architectures.layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("dev.socratic.operator..")
            .layer("operator")
            .definedBy("dev.socratic.operator")
            .layer("report")
            .definedBy("dev.socratic.operator.report")
            .layer("apply")
            .definedBy("dev.socratic.operator.apply")
            .layer("decide")
            .definedBy("dev.socratic.operator.decide")
            .layer("observe")
            .definedBy("dev.socratic.operator.observe")
            .layer("progress")
            .definedBy("dev.socratic.operator.progress")
            .layer("run")
            .definedBy("dev.socratic.operator.run")
            .layer("settings")
            .definedBy("dev.socratic.operator.settings")
            .layer("measure")
            .definedBy("dev.socratic.operator.measure")
            .layer("serve")
            .definedBy("dev.socratic.operator.serve")
            .whereLayer("operator")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("report")
            .mayOnlyBeAccessedByLayers("operator")
            .whereLayer("apply")
            .mayOnlyBeAccessedByLayers("operator")
            .whereLayer("serve")
            .mayOnlyBeAccessedByLayers("operator")
            .whereLayer("measure")
            .mayOnlyBeAccessedByLayers("report", "operator")
            .whereLayer("decide")
            .mayOnlyBeAccessedByLayers("apply", "report", "operator")
            .whereLayer("observe")
            .mayOnlyBeAccessedByLayers("decide", "operator")
            .whereLayer("progress")
            .mayOnlyBeAccessedByLayers("observe", "decide", "operator");

    @ArchTest
    static final ArchRule decidingAsksNoCluster = noClasses()
            .that()
            .resideInAnyPackage("dev.socratic.operator.decide", "dev.socratic.operator.run")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.fabric8.kubernetes.client..", "io.javaoperatorsdk..", "java.net..");

    @ArchTest
    static final ArchRule decidingReadsNoClock = noClasses()
            .that()
            .resideInAPackage("dev.socratic.operator.decide")
            .should()
            .callMethod(Instant.class, "now");

    @ArchTest
    static final ArchRule secretsAreNeverRead = noClasses()
            .that()
            .resideInAPackage("dev.socratic.operator..")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("io.fabric8.kubernetes.api.model.Secret");

    @ArchTest
    static final ArchRule operatorKnowsNoTrainer = noClasses()
            .that()
            .resideInAPackage("dev.socratic.operator..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.socratic.trainer..", "dev.socratic.local..");
}
