# The control plane. Built from the top of the checkout: docker build -f ops/docker/control-plane.Dockerfile .
FROM node:20-alpine AS page
WORKDIR /page
COPY src/Boottify/Dashboard/package.json src/Boottify/Dashboard/package-lock.json src/Boottify/Dashboard/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM mcr.microsoft.com/dotnet/sdk:10.0.401 AS build
WORKDIR /source
# The packages have a layer of their own, so that a change of code does not fetch them again.
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/Boottify/Boottify.csproj src/Boottify/packages.lock.json src/Boottify/
COPY src/Boottify.Contracts/Boottify.Contracts.csproj src/Boottify.Contracts/packages.lock.json src/Boottify.Contracts/
RUN dotnet restore --locked-mode src/Boottify/Boottify.csproj
COPY src src
# Newer than the lock file, so that the build has no need of npm.
COPY --from=page /page/node_modules src/Boottify/Dashboard/node_modules
RUN dotnet publish src/Boottify/Boottify.csproj --no-restore -c Release -p:UseAppHost=false -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0
# git fetches the commits to build; curl asks for the program's health.
RUN apt-get update && apt-get install -y --no-install-recommends git curl ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /out .
# A new volume that is mounted there takes the folder's owner.
RUN install -d -o $APP_UID -g $APP_UID -m 700 /var/lib/boottify
USER $APP_UID
EXPOSE 7080
ENTRYPOINT ["dotnet", "Boottify.dll"]
