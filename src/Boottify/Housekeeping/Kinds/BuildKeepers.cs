using Boottify.Builds;

namespace Boottify.Housekeeping.Kinds;

/// <summary>Containers that builds have left in this node's engine, known by the mark in their hosts file.</summary>
internal sealed class ContainerKeeper(BuildContainers containers) : Keeper
{
    public override Kind Kind => Kind.Container;

    public override async Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) =>
        [.. (await containers.ListAsync(cancellation)).Select(c => new Found(Kind.Container, c.Id, null) { DeploymentId = c.DeploymentId, Since = c.CreatedAt })];

    public override async Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        await containers.RemoveAsync(found.Name, cancellation);
        return null;
    }
}

/// <summary>Folders with a deployment's source on this node.</summary>
internal sealed class WorkspaceKeeper(Workspaces workspaces) : Keeper
{
    public override Kind Kind => Kind.Workspace;

    public override Task<IReadOnlyList<Found>> ListAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<Found>>(
        [.. workspaces.List().Select(w => new Found(Kind.Workspace, w.DeploymentId, null) { DeploymentId = w.DeploymentId, Since = w.WrittenAt })]);

    public override Task<string?> RemoveAsync(Found found, CancellationToken cancellation)
    {
        workspaces.Remove(found.Name);
        return Task.FromResult<string?>(null);
    }
}
