import { Controller, Get, Header, Inject } from '@nestjs/common';
import { HOME_ICON } from './home-icon.js';
import { homePage } from './home-page.js';
import { HOME_STYLE } from './home-style.js';
import { OverviewService } from './overview.service.js';

@Controller()
export class HomeController {
  constructor(@Inject(OverviewService) private readonly overviews: OverviewService) {}

  @Get('/')
  @Header('content-type', 'text/html; charset=utf-8')
  async home(): Promise<string> {
    return homePage(await this.overviews.overview());
  }

  @Get('/console.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return HOME_STYLE;
  }

  /** Browsers ask for it by this name on every page that names no icon. */
  @Get('/favicon.ico')
  @Header('content-type', 'image/svg+xml')
  icon(): string {
    return HOME_ICON;
  }
}
