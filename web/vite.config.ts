import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const service = process.env.WETREAD_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      '@wetread/client': here('../clients/typescript/source/index.ts'),
      events: 'events/events.js', // left to the browser, Vite swaps it for nothing and the page dies
    },
  },
  worker: { format: 'es' },
  optimizeDeps: { exclude: ['@cornerstonejs/dicom-image-loader'], include: ['dicom-parser'] },
  build: {
    outDir: here('../src/wetread/server/pages'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // nothing as data: URL in scripts and styles
    chunkSizeWarningLimit: 4000,
    manifest: true,
    license: { fileName: 'licenses.md' },
  },
  server: { proxy: { '/api': service, '/dicom-web': service } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0]);
