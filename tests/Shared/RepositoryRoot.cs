namespace Boottify.Testing;

/// <summary>The checkout that the running program was compiled in.</summary>
internal static class RepositoryRoot
{
    /// <summary>The folder of Boottify.sln.</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Boottify.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No Boottify.sln above {AppContext.BaseDirectory}: run this from a checkout.");
    }
}
