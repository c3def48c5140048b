# The edge and its nginx, neither of them as root. Built from the top of the checkout: docker build -f ops/docker/edge.Dockerfile .
FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY edge/Boottify.Edge/Boottify.Edge.csproj edge/Boottify.Edge/packages.lock.json edge/Boottify.Edge/
COPY src/Boottify.Contracts/Boottify.Contracts.csproj src/Boottify.Contracts/packages.lock.json src/Boottify.Contracts/
RUN dotnet restore --locked-mode edge/Boottify.Edge/Boottify.Edge.csproj
COPY src/Boottify.Contracts src/Boottify.Contracts
COPY edge edge
RUN dotnet publish edge/Boottify.Edge/Boottify.Edge.csproj --no-restore -c Release -p:UseAppHost=false -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update && apt-get install -y --no-install-recommends nginx publicsuffix curl ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /out .
COPY nginx-templates nginx-templates
# A new volume takes the folder's owner. nginx opens its built-in log before it reads where ours is.
RUN install -d -o $APP_UID -g $APP_UID -m 700 /var/lib/boottify-edge && chown -R $APP_UID:$APP_UID /var/log/nginx
USER $APP_UID
EXPOSE 8080 8443 7081
ENTRYPOINT ["dotnet", "Boottify.Edge.dll"]
