namespace Boottify.Tests.Builds;

/// <summary>A folder that goes with the test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("boottify-test-").FullName;

    public TemporaryFolder With(string name, string text = "")
    {
        var file = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return this;
    }

    public TemporaryFolder WithLink(string name, string target)
    {
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, name), target);
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
