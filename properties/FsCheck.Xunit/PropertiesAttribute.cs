namespace FsCheck.Xunit;

/// <summary>Settings for every property of a class or an assembly. It makes nothing a property.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Assembly)]
public sealed class PropertiesAttribute : PropertyAttribute;
