using System.Globalization;

namespace Boottify.Builds;

/// <summary>What builds need to know of the machine they run on, and how much of it one build may take.</summary>
public sealed record BuildSettings
{
    /// <summary>Folder for workspaces, one per deployment, below <c>builds/</c>. From <c>BOOTTIFY_DATA</c>.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The Docker Engine's socket, <c>unix://…</c>. From <c>DOCKER_HOST</c>.</summary>
    public required Uri DockerHost { get; init; }

    /// <summary><c>host:port</c>; plain HTTP when it is loopback, else HTTPS. From <c>BOOTTIFY_REGISTRY</c>.</summary>
    public required string Registry { get; init; }

    public required string RegistryUser { get; init; }

    public required string RegistryPassword { get; init; }

    /// <summary>The image that templates start from. From <c>BOOTTIFY_BASE_IMAGE</c>.</summary>
    public string BaseImage { get; init; } = "node:20-alpine";

    /// <summary>Whether repositories may be folders of this machine. From <c>BOOTTIFY_ALLOW_LOCAL_REPOSITORIES</c>.</summary>
    public bool AllowLocalRepositories { get; init; }

    /// <summary>Git servers that may be fetched from although their addresses are not public. From <c>BOOTTIFY_GIT_PRIVATE_SERVERS</c>.</summary>
    public PrivateGitServers PrivateGitServers { get; init; } = PrivateGitServers.None;

    /// <summary>Longest time for one fetch. From <c>BOOTTIFY_SOURCE_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan SourceTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Largest commit, packed and unpacked. From <c>BOOTTIFY_SOURCE_LIMIT_MB</c>.</summary>
    public long SourceLimitBytes { get; init; } = 500L << 20;

    /// <summary>Longest time for one build. From <c>BOOTTIFY_BUILD_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan BuildTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Memory of each build container, without swap. From <c>BOOTTIFY_BUILD_MEMORY_MB</c>.</summary>
    public long BuildMemoryBytes { get; init; } = 2048L << 20;

    /// <summary>Processors of each build container. From <c>BOOTTIFY_BUILD_CPUS</c>; may be a fraction.</summary>
    public double BuildCpus { get; init; } = 2;

    /// <summary>Processes and threads of each build container. From <c>BOOTTIFY_BUILD_PIDS</c>.</summary>
    public long BuildPids { get; init; } = 2048;

    /// <summary>Largest image, layers shared with others included. From <c>BOOTTIFY_IMAGE_LIMIT_MB</c>.</summary>
    public long ImageLimitBytes { get; init; } = 2048L << 20;

    /// <summary>Longest time for one push. From <c>BOOTTIFY_PUSH_TIMEOUT</c>, in seconds.</summary>
    public TimeSpan PushTimeout { get; init; } = TimeSpan.FromMinutes(5);

    public string WorkspaceRoot => Path.Combine(DataFolder, "builds");

    /// <summary>Reads the names listed in ops/README.md.</summary>
    /// <exception cref="InvalidOperationException">Names are missing or malformed: the message lists all of them at once.</exception>
    public static BuildSettings From(IConfiguration configuration)
    {
        var read = new Reader(configuration);
        var data = read.Required("BOOTTIFY_DATA", "the folder for build workspaces");
        var docker = read.Required("DOCKER_HOST", "the Docker Engine's socket, such as unix:///var/run/docker.sock");
        if (docker.Length > 0 && !(Uri.TryCreate(docker, UriKind.Absolute, out var host) && host.Scheme is "unix"))
            read.Refuse("DOCKER_HOST", docker, "a socket of the form unix:///path");

        var named = configuration["BOOTTIFY_GIT_PRIVATE_SERVERS"] ?? "";
        if (!PrivateGitServers.TryParse(named, out var servers))
            read.Refuse("BOOTTIFY_GIT_PRIVATE_SERVERS", named, PrivateGitServers.Form);

        var registry = read.Required("BOOTTIFY_REGISTRY", "host:port of the private registry");
        var defaults = new { Timeout = 600d, Source = 180d, Push = 300d };
        var settings = new
        {
            User = read.Required("BOOTTIFY_REGISTRY_USER", "the registry account's name"),
            Password = read.Required("BOOTTIFY_REGISTRY_PASSWORD", "the registry account's password"),
            Build = read.Seconds("BOOTTIFY_BUILD_TIMEOUT", defaults.Timeout),
            Source = read.Seconds("BOOTTIFY_SOURCE_TIMEOUT", defaults.Source),
            Push = read.Seconds("BOOTTIFY_PUSH_TIMEOUT", defaults.Push),
            SourceLimit = read.Number("BOOTTIFY_SOURCE_LIMIT_MB", 500, "megabytes"),
            Memory = read.Number("BOOTTIFY_BUILD_MEMORY_MB", 2048, "megabytes"),
            Cpus = read.Number("BOOTTIFY_BUILD_CPUS", 2, "processors, such as 1.5"),
            Pids = read.Number("BOOTTIFY_BUILD_PIDS", 2048, "processes"),
            ImageLimit = read.Number("BOOTTIFY_IMAGE_LIMIT_MB", 2048, "megabytes"),
        };
        read.ThrowIfAny();

        var folder = Path.GetFullPath(data);
        return new BuildSettings
        {
            DataFolder = folder,
            DockerHost = new Uri(docker),
            Registry = registry,
            RegistryUser = settings.User,
            RegistryPassword = settings.Password,
            BaseImage = configuration["BOOTTIFY_BASE_IMAGE"] is { Length: > 0 } image ? image : "node:20-alpine",
            AllowLocalRepositories = string.Equals(configuration["BOOTTIFY_ALLOW_LOCAL_REPOSITORIES"], "true", StringComparison.OrdinalIgnoreCase),
            PrivateGitServers = servers!,
            SourceTimeout = TimeSpan.FromSeconds(settings.Source),
            SourceLimitBytes = (long)(settings.SourceLimit * (1 << 20)),
            BuildTimeout = TimeSpan.FromSeconds(settings.Build),
            BuildMemoryBytes = (long)(settings.Memory * (1 << 20)),
            BuildCpus = settings.Cpus,
            BuildPids = (long)settings.Pids,
            ImageLimitBytes = (long)(settings.ImageLimit * (1 << 20)),
            PushTimeout = TimeSpan.FromSeconds(settings.Push),
        };
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => $"{DataFolder}, {DockerHost}, {Registry}";

    private sealed class Reader(IConfiguration configuration)
    {
        private readonly List<string> _faults = [];

        public string Required(string name, string holds)
        {
            var value = configuration[name]?.Trim() ?? "";
            if (value.Length == 0)
                _faults.Add($"{name} is missing: it is to hold {holds}");
            return value;
        }

        /// <summary>What runs for longer than a day is not running, but lost.</summary>
        public double Seconds(string name, double otherwise) => Number(name, otherwise, "seconds, of at most a day (86400)", most: 86_400);

        public double Number(string name, double otherwise, string holds, double most = 1e9)
        {
            if (configuration[name] is not { Length: > 0 } text)
                return otherwise;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most)
                return number;
            Refuse(name, text, $"a positive number of {holds}");
            return otherwise;
        }

        public void Refuse(string name, string value, string holds) => _faults.Add($"{name} is '{value}': it is to hold {holds}");

        public void ThrowIfAny()
        {
            if (_faults.Count > 0)
                throw new InvalidOperationException($"Builds cannot start. {string.Join(". ", _faults)}. ops/README.md lists all settings.");
        }
    }
}
